package main

import (
	"html/template"
	"net/http"
)

func main() {
	template.ParseGlob("mails/*.html")
	template.ParseGlob("pages/*.html")
	http.ListenAndServe(":8080", nil)
}
