package main

import (
	"net/http"
	"os"
)

func main() {
	os.OpenFile(os.Args[1], os.O_RDWR, 0)
	os.ReadFile(os.Args[2])
	http.ListenAndServe(":8080", nil)
}
