package main

import (
	"log"
	"net"
	"net/http"
)

func main() {
	listener, err := net.Listen("unix", "/srv/agent.sock")
	if err != nil {
		log.Fatal(err)
	}
	go http.ListenAndServe(":8080", nil)
	log.Fatal(http.Serve(listener, nil))
}
