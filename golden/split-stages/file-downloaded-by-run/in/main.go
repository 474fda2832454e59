package main

import (
	"os"
)

func main() {
	os.ReadFile("city.mmdb")
}
