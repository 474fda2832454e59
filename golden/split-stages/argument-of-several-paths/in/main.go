package main

import (
	"flag"
	"github.com/acme/gotmpl"
)

func main() {
	files := flag.String("template", "", "pairs of a template and a result")
	flag.Parse()
	gotmpl.Exec(*files, flag.Args())
}
