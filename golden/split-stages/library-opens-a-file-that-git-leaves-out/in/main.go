package main

import (
	"log"
	"net/http"

	"example.com/gauge/settings"
)

func main() {
	found, err := settings.Load()
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(found.Address, nil))
}
