// Command stamp prints what it was built as.
package main

import (
	"fmt"

	"example.com/stamp/internal/about"
)

var version = "unset"

func main() {
	fmt.Printf("version %s, channel %s\n", version, about.Channel())
}
