package main

import (
	"log"
	"os"
)

func main() {
	file, err := os.Create("/var/log/shop.log")
	if err != nil {
		log.Fatal(err)
	}
	log.SetOutput(file)
}
