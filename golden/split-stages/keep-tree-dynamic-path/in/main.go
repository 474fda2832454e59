package main

import (
	"net/http"
	"os"
)

func main() {
	os.ReadFile(os.Getenv("CATALOGUE"))
	http.ListenAndServe(":8080", nil)
}
