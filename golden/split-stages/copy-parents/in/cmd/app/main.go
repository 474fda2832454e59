package main

import (
	"net/http"

	"example.com/shop/internal/x"
)

func main() {
	x.X()
	http.FileServer(http.Dir("static"))
}
