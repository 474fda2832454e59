package main

import "github.com/h2non/bimg"

func main() {
	println(bimg.Version)
}
