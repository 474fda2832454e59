package main

import (
	"flag"
	"os"
)

func main() {
	path := flag.String("config", "", "")
	flag.Parse()
	os.ReadFile(*path)
}
