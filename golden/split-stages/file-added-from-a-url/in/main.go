package main

import (
	"fmt"
	"log"
	"os"

	"github.com/gorilla/mux"
)

func main() {
	mux.NewRouter()
	data, err := os.ReadFile(os.Getenv("ZONES"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(data))
}
