package main

import (
	"net/http"

	"github.com/h2non/bimg"
)

func main() {
	bimg.Initialize()
	http.ListenAndServe(":8080", http.NotFoundHandler())
}
