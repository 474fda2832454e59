package main

import (
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "../pages"+r.URL.Path)
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
