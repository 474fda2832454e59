package main

import (
	"net/http"
	"os"
	"path/filepath"
)

func main() {
	top := filepath.Dir(filepath.Dir(os.Args[0]))
	os.ReadFile(filepath.Join(top, "etc", "shop.toml"))
	http.ListenAndServe(":8080", nil)
}
