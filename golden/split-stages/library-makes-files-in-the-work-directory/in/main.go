package main

import (
	"github.com/acme/kv"
)

func main() {
	kv.Open("state")
}
