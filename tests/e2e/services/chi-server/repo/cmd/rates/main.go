// Command rates answers with exchange rates.
package main

import (
	"encoding/json"
	"log"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"example.com/rates/internal/table"
)

func main() {
	router := chi.NewRouter()
	router.Use(middleware.Recoverer)
	router.Get("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(table.Rates)
	})
	router.Get("/{currency}", func(w http.ResponseWriter, r *http.Request) {
		rate, ok := table.Rates[chi.URLParam(r, "currency")]
		if !ok {
			http.Error(w, "unknown currency", http.StatusNotFound)
			return
		}
		json.NewEncoder(w).Encode(rate)
	})
	log.Fatal(http.ListenAndServe(":18151", router))
}
