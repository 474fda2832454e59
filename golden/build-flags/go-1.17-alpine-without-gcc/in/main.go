package main

import (
	"log"

	"example.org/queue/client"
)

func main() {
	log.Fatal(client.Run())
}
