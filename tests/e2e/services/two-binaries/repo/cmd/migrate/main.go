// Command migrate lists the migrations it would run.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	directory := flag.String("dir", "migrations", "where the migrations are")
	flag.Parse()
	names, err := filepath.Glob(filepath.Join(*directory, "*.sql"))
	if err != nil || len(names) == 0 {
		fmt.Println("no migrations in", *directory)
		os.Exit(1)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Printf("%s: %s", name, text)
	}
}
