package main

import (
	"github.com/acme/cpp"
)

func main() {
	cpp.Run()
}
