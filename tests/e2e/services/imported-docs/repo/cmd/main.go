// Command atlas prints its documents.
package main

import (
	"fmt"
	"io/fs"

	"example.com/atlas"
	"example.com/atlas/docs"
	"example.com/atlas/test"
)

func main() {
	fmt.Print(docs.Text)
	fmt.Println(test.Places)
	fs.WalkDir(atlas.Notes, ".", func(path string, entry fs.DirEntry, err error) error {
		fmt.Println(path, err)
		return err
	})
}
