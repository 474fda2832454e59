// Command slugs prints the slug of each argument.
package main

import (
	"fmt"
	"os"

	"example.com/slug"
	"example.com/slug/trim"
)

func main() {
	for _, title := range os.Args[1:] {
		fmt.Printf("%q -> %s\n", trim.All(title), slug.Of(title))
	}
}
