package main

import (
	"log"
	"net/http"

	"example.org/openapi"
)

func main() {
	// The page panics without its description, which a generator writes before the image is built.
	http.Handle("/docs/", openapi.Page(openapi.Options{File: "./api/orders.json"}))
	log.Fatal(http.ListenAndServe(":8080", nil))
}
