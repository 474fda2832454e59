package main

import (
	"log"
	"os"
)

func main() {
	for _, name := range []string{"prices in $.txt", "today's.txt"} {
		if _, err := os.ReadFile(name); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := os.ReadFile("US$.txt"); err != nil {
		log.Fatal(err)
	}
}
