// Command migrate lists the migrations that wait.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	names, err := filepath.Glob("db/migrations/*.sql")
	if err != nil {
		log.Fatal(err)
	}
	if len(names) == 0 {
		log.Fatal("no migrations found")
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(filepath.Base(name), len(text))
	}
}
