package main

import (
	"net/http"
	"os/exec"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		page := exec.Command("node", "render.js", r.URL.Path)
		page.Stdout = w
		page.Run()
	})
	http.ListenAndServe(":8080", nil)
}
