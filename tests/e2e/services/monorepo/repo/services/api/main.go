// Command api prints the price list.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"example.com/mono/pkg/money"
)

func main() {
	text, err := os.ReadFile("services/api/prices.json")
	if err != nil {
		log.Fatal(err)
	}
	var prices map[string]int
	if err := json.Unmarshal(text, &prices); err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"bread", "butter"} {
		fmt.Println(name, money.Format(prices[name]))
	}
}
