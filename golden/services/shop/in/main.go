// Command shop answers with a price list.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
)

var prices = map[string]int{"coffee": 320, "tea": 280}

func main() {
	router := chi.NewRouter()
	router.Get("/prices", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(prices)
	})
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), router))
}
