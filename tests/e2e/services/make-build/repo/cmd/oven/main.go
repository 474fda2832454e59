// Command oven prints its settings.
package main

import "fmt"

var version = "unset"

func main() {
	fmt.Println("oven", version, "220 degrees")
}
