package main

// #include <barcode.h>
// #cgo LDFLAGS: -lbarcode
import "C"

import "fmt"

func main() { fmt.Println(C.barcode_version()) }
