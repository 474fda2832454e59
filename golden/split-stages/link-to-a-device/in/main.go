package main

import "os"

func main() {
	f, err := os.OpenFile("/var/log/shop.log", os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		panic(err)
	}
	f.WriteString("x")
}
