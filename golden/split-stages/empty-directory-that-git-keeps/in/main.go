package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

type queue struct{ directory string }

func (q *queue) put(w http.ResponseWriter, r *http.Request) {
	name := fmt.Sprintf("%s/%d", q.directory, time.Now().UnixNano())
	if err := os.WriteFile(name, []byte(r.URL.Path), 0o600); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func main() {
	q := &queue{directory: "spool"}
	http.HandleFunc("/", q.put)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
