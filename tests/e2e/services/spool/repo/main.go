// Command spool writes into directories that the checkout has, under names made at run time.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
)

type archive struct{ directory string }

func (a archive) put(name string) error {
	return os.WriteFile(filepath.Join(a.directory, name), []byte("done\n"), 0o600)
}

func main() {
	day := os.Args[1]
	if err := os.WriteFile("outgoing/"+day, []byte(day), 0o600); err != nil {
		log.Fatal(err)
	}
	file, err := os.CreateTemp("incoming", day+"-*")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file.Name())
	if err := (archive{directory: "reports"}).put(day); err != nil {
		log.Fatal(err)
	}
	fmt.Println("spooled", day)
}
