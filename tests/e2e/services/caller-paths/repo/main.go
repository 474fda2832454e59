// Command proverbs prints a proverb.
package main

import (
	"fmt"
	"log"

	"example.com/proverbs/internal/store"
)

func main() {
	text, err := store.Read("german.txt")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(text)
}
