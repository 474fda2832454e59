package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"go.example.dev/kit/health"
)

func main() {
	router := chi.NewRouter()
	router.Get("/healthz", health.Handler)
	_ = http.ListenAndServe(":8080", router)
}
