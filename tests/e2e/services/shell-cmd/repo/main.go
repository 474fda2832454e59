// Command app fails with a status of its own.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Println("arguments", len(os.Args)-1)
	fmt.Fprintln(os.Stderr, "two of three checks failed")
	os.Exit(3)
}
