package main

import "os"

func main() {
	data, err := os.ReadFile("/etc/shop/config.yaml")
	if err != nil {
		panic(err)
	}
	println(len(data))
}
