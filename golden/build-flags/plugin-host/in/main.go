package main

import (
	"log"
	"plugin"
)

func main() {
	if _, err := plugin.Open("/plugins/tax.so"); err != nil {
		log.Fatal(err)
	}
}
