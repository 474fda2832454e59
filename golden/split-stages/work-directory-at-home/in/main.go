package main

import (
	"log"
	"os"
)

func main() {
	if _, err := os.ReadFile("shop.yaml"); err != nil {
		log.Fatal(err)
	}
}
