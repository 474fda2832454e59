package main

import (
	"embed"
	"log"
	"net/http"
)

//go:embed *
var files embed.FS

func main() { log.Fatal(http.ListenAndServe(":8080", http.FileServerFS(files))) }
