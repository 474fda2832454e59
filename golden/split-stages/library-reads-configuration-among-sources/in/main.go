package main

import (
	"example.com/svc/config"
	"github.com/acme/settings"
)

func main() {
	const directory = "config"
	config.Check(settings.LoadDir(directory))
}
