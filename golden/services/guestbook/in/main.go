// Command guestbook greets the guests.
package main

import (
	"html/template"
	"log"
	"net/http"
	"time"
)

var version = "dev"

func main() {
	page := template.Must(template.ParseGlob("templates/*.html"))
	http.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir("static"))))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		page.ExecuteTemplate(w, "index.html", map[string]any{
			"Now": time.Now().Format(time.RFC1123), "Version": version,
		})
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
