// Command app prints sizes as people read them.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/dustin/go-humanize"
)

func main() {
	arguments := os.Args[1:]
	if len(arguments) == 0 {
		arguments = []string{"0", "1500", "82854982"}
	}
	for _, argument := range arguments {
		size, err := strconv.ParseUint(argument, 10, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		fmt.Printf("%s: %s, %s\n", argument, humanize.Bytes(size), humanize.IBytes(size))
	}
}
