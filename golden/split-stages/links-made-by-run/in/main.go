package main

import (
	"net/http"
	"os"
)

func main() {
	os.WriteFile("data/x", nil, 0o600)
	http.ListenAndServe(":1", http.FileServer(http.Dir("/srv/www")))
}
