package main

import (
	"os"
)

func main() {
	os.CreateTemp("", "upload")
}
