// Command indexer prints what it would index.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("pid 1:", os.Getpid() == 1)
	for number, argument := range os.Args[1:] {
		fmt.Println(number, argument)
	}
	if len(os.Args) < 2 {
		os.Exit(64)
	}
}
