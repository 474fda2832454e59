package main

import "os"

func main() {
	state, err := os.Create("/srv/shop.state")
	if err != nil {
		panic(err)
	}
	state.Close()
}
