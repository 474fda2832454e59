package main

import (
	"net/http"
	"os"
)

func main() {
	os.ReadFile("index.html")
	http.ListenAndServe(":8080", nil)
}
