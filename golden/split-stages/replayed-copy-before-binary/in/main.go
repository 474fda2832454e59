package main

import (
	"fmt"
	"os"
)

func main() {
	for _, name := range os.Args {
		data, _ := os.ReadFile(name + ".txt")
		fmt.Print(string(data))
	}
}
