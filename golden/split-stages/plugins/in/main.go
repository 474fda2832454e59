package main

import (
	"plugin"
)

func main() {
	plugin.Open("/plugins/a.so")
}
