package main

import (
	"html/template"
	"net/http"
)

func main() {
	page := template.Must(template.ParseFiles("pages/stock.html"))
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { page.Execute(w, nil) })
	http.ListenAndServe(":8080", nil)
}
