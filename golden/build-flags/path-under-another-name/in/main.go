package main

import (
	"fmt"
	"os"
	fp "path/filepath"
	rt "runtime"
)

func main() {
	_, file, _, _ := rt.Caller(0)
	rates, err := os.ReadFile(fp.Join(fp.Dir(file), "data", "rates.json"))
	fmt.Println(len(rates), err)
}
