package main

import "os"

func main() {
	settings, err := os.ReadFile(os.Getenv("SHOP_SETTINGS"))
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(settings)
}
