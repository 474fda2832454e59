package main

import (
	"os"
	"path"
	"runtime"
)

func here() string {
	_, f, _, ok := runtime.Caller(1)
	if !ok {
		panic("no")
	}
	return f
}

func main() {
	dir := path.Dir(here())
	b, err := os.ReadFile(dir + "/data.txt")
	if err != nil {
		panic(err)
	}
	_ = b
}
