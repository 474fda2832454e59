package main

import (
	"os"
)

func main() {
	os.ReadFile("/etc/shop.conf")
}
