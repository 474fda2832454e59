package main

import (
	"html/template"
	"net/http"
)

func main() {
	page := template.Must(template.ParseFiles("pages/today.html"))
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _ = page.Execute(w, nil) })
	_ = http.ListenAndServe(":8080", nil)
}
