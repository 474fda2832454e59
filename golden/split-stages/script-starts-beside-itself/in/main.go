package main

import "os"

func main() {
	settings, err := os.ReadFile("shop.toml")
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(settings)
}
