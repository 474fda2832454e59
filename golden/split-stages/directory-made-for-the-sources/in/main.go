package main

import (
	"net/http"
	"os"
)

func main() {
	// There is one in development alone.
	if banner, err := os.ReadFile("banner.txt"); err == nil {
		os.Stdout.Write(banner)
	}
	http.ListenAndServe(":8080", http.NotFoundHandler())
}
