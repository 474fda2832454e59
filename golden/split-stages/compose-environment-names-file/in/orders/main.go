package main

import (
	"fmt"
	"log"
	"os"
)

func main() {
	config, err := os.ReadFile(os.Getenv("ORDERS_CONFIG"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(config))
}
