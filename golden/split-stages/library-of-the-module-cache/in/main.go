package main

import (
	"github.com/wasmerio/wasmer-go/wasmer"
	"log"
	"os"
)

func main() {
	program, err := os.ReadFile("filter.wasm")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := wasmer.NewModule(wasmer.NewStore(wasmer.NewEngine()), program); err != nil {
		log.Fatal(err)
	}
}
