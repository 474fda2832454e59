package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

var version string

func main() {
	router := chi.NewRouter()
	_ = http.ListenAndServe(":8080", router)
}
