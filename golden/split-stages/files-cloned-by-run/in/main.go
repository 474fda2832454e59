package main

import "path/filepath"

func main() {
	pages, err := filepath.Glob("/usr/share/shop/pages/*.html")
	if err != nil {
		panic(err)
	}
	println(len(pages))
}
