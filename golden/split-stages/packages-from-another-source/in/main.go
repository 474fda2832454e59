package main

import (
	"net/http"
	"os/exec"
)

func main() {
	http.HandleFunc("/dump", func(w http.ResponseWriter, r *http.Request) {
		dump := exec.Command("pg_dump", "archive")
		dump.Stdout = w
		dump.Run()
	})
	http.ListenAndServe(":8080", nil)
}
