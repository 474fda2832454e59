package main

import (
	"log"
	"os"

	"example.com/shop/store"
)

func main() {
	db, err := store.Open(os.Getenv("DB"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
}
