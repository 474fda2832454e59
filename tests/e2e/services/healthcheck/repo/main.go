// Command pulse answers that it is alive, and whether anybody has checked.
package main

import (
	"fmt"
	"log"
	"net/http"
	"sync/atomic"
)

func main() {
	var checked atomic.Bool
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		checked.Store(true)
		fmt.Fprintln(w, "ok")
	})
	http.HandleFunc("/checked", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "checked:", checked.Load())
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "alive")
	})
	log.Fatal(http.ListenAndServe(":18102", nil))
}
