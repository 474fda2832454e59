// Command invoice prints an invoice in its newest form.
package main

import (
	"fmt"

	"example.com/lib"
	"github.com/dustin/go-humanize"
)

func main() {
	fmt.Println("form", lib.Newer("1.10.0", "v1.9.3"))
	fmt.Println("total", humanize.Comma(1234567))
	fmt.Println("the", humanize.Ordinal(3), "reminder")
}
