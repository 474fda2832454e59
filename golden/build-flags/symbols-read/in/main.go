package main

import (
	"debug/elf"
	"os"
)

func main() {
	file, _ := elf.Open(os.Args[0])
	symbols, _ := file.Symbols()
	println(len(symbols))
}
