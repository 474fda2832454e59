package main

import (
	"os"
	"path/filepath"
)

func main() {
	program, _ := os.Executable()
	os.ReadFile(filepath.Join(filepath.Dir(program), "prices.json"))
}
