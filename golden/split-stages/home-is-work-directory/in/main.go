package main

import (
	"os"
	"path/filepath"
)

func main() {
	h, _ := os.UserHomeDir()
	os.MkdirAll(filepath.Join(h, ".cache"), 0o755)
	os.WriteFile("state", nil, 0o600)
}
