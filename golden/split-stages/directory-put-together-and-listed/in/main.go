package main

import "os"

func main() {
	entries, err := os.ReadDir("/srv/stock")
	if err != nil {
		panic(err)
	}
	println(len(entries))
}
