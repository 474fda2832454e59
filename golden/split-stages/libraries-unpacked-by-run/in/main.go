package main

// #cgo LDFLAGS: -ltax
// int rate(void);
import "C"

func main() {
	println(C.rate())
}
