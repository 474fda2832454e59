package main

import (
	"flag"
	"os"
)

func main() {
	name := flag.String("settings", "", "a TOML file")
	flag.Parse()
	settings, err := os.ReadFile(*name)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(settings)
}
