package main

import (
	"net/http"

	"github.com/gorilla/mux"
)

func main() {
	http.ListenAndServe(":8080", mux.NewRouter())
}
