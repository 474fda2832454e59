package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

func main() {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(file)
	page, err := os.ReadFile(filepath.Join(root, "templates", "index.html"))
	if err != nil {
		panic(err)
	}
	fmt.Println(string(page))
}
