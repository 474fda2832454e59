// Command till prints a receipt.
package main

import (
	"fmt"

	"example.com/money"
	"github.com/Masterminds/semver/v3"
)

func main() {
	fmt.Println("till", semver.MustParse("v2.1"))
	fmt.Println("total", money.Cents(123456789))
}
