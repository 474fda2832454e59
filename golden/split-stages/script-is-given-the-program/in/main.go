package main

import (
	"flag"
	"net/http"
	"os"
)

func main() {
	config := flag.String("config", "", "where")
	flag.Parse()
	os.ReadFile(*config)
	http.ListenAndServe(":8080", nil)
}
