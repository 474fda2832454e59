package main

import (
	"runtime"
)

func main() {
	println(runtime.GOROOT())
}
