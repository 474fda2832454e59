// Command courier says where it goes.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("pid 1:", os.Getpid() == 1)
	fmt.Println("arguments", os.Args[1:])
	fmt.Println("route", os.Getenv("COURIER_ROUTE"), "speed", os.Getenv("COURIER_SPEED"))
	if os.Getenv("COURIER_SPEED") == "" {
		os.Exit(4)
	}
}
