package main

import (
	"net/http"
	"os"
)

func main() {
	println(os.Getenv("GOLANG_VERSION"))
	http.ListenAndServe(":8080", nil)
}
