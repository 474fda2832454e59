package main

import "os"

func main() {
	data, err := os.ReadFile("/usr/share/stock/today.csv")
	if err != nil {
		panic(err)
	}
	println(len(data))
}
