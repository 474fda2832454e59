package main

import "github.com/acme/fancyconf"

func main() {
	c := fancyconf.MustLoad("settings/prod.hcl")
	_ = c
}
