package main

import (
	"fmt"
	"plugin"
)

func main() {
	loaded, err := plugin.Open("/plugins/greet.so")
	fmt.Println(loaded, err)
}
