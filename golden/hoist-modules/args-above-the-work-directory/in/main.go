package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

var commit string

func main() { http.ListenAndServe(":8080", chi.NewRouter()) }
