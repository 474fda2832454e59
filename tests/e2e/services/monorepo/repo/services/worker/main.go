// Command worker adds up the day.
package main

import (
	"fmt"

	"example.com/mono/pkg/money"
)

func main() {
	fmt.Println(money.Format(285 + 240))
}
