// Command app greets whom it was told to greet.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"strings"
)

func main() {
	port := flag.Int("port", 80, "port to listen at")
	name := flag.String("name", "", "whom to greet")
	flag.Parse()
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "hello %s, on %d, left over: [%s]\n", *name, *port, strings.Join(flag.Args(), ", "))
	})
	log.Fatal(http.ListenAndServe(fmt.Sprintf(":%d", *port), nil))
}
