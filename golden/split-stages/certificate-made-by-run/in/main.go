package main

import "net/http"

func main() {
	if err := http.ListenAndServeTLS(":8443", "cert.pem", "key.pem", nil); err != nil {
		panic(err)
	}
}
