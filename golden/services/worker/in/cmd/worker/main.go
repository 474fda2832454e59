// Command worker does one job and ends.
package main

import (
	"fmt"

	"golang.org/x/text/language"
)

var version = "dev"

func main() {
	fmt.Println("worker", version, language.English)
}
