package main

import (
	"net/http"
	"os"
	"path/filepath"
)

func main() {
	os.ReadFile(filepath.Join(os.Getenv("SHOP_HOME"), "conf", "shop.toml"))
	http.ListenAndServe(":8080", nil)
}
