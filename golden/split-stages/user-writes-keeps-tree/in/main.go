package main

import (
	"net/http"
	"os"
)

func main() {
	f, _ := os.Create("visits.log")
	f.Close()
	http.ListenAndServe(":8080", nil)
}
