package main

import (
	"net/http"
	"os"
)

func main() {
	http.ListenAndServeTLS(":8443", os.Getenv("CERT_DIR")+"/api.crt", os.Getenv("CERT_DIR")+"/api.key", nil)
}
