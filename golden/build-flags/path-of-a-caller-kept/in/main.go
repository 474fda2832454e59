package main

import (
	"fmt"
	"os"
	"path/filepath"

	"example.com/ledger/internal/root"
)

func main() {
	rates, err := os.ReadFile(filepath.Join(root.Directory, "data", "rates.json"))
	fmt.Println(len(rates), err)
}
