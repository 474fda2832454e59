// Command handbook prints the handbook that is built into it.
package main

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"log"
	"os"

	"example.com/handbook/internal/schema"
)

//go:embed docs/*.md CHANGELOG.md
var pages embed.FS

//go:embed all:testdata
var samples embed.FS

func main() {
	if len(os.Args) > 1 {
		text, err := pages.ReadFile(os.Args[1])
		if err != nil {
			log.SetFlags(0)
			log.Fatal(err)
		}
		os.Stdout.Write(text)
		return
	}
	for _, tree := range []fs.FS{pages, samples, schema.Files} {
		err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			file, err := tree.Open(path)
			if err != nil {
				return err
			}
			defer file.Close()
			lines := bufio.NewScanner(file)
			lines.Scan()
			fmt.Printf("%s: %s\n", path, lines.Text())
			return lines.Err()
		})
		if err != nil {
			log.Fatal(err)
		}
	}
}
