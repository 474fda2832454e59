package main

import (
	"html/template"
	"net/http"
)

func main() {
	template.Must(template.ParseGlob("templates/*.html"))
	http.Handle("/static/", http.FileServer(http.Dir("static")))
	http.ListenAndServe(":8080", nil)
}
