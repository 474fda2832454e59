// Command stamp prints what the linker wrote into it.
package main

import "fmt"

var (
	version = "none"
	channel = "none"
	author  = "none"
)

func main() {
	fmt.Printf("%q %q %q\n", version, channel, author)
}
