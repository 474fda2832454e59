package main

import (
	"github.com/acme/framework"
)

func main() {
	framework.Run()
}
