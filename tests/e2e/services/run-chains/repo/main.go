// Command chain prints the files that the build left.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	show := func(path string) {
		info, err := os.Stat(path)
		if err != nil {
			fmt.Println(err)
			return
		}
		text, _ := os.ReadFile(path)
		fmt.Println(path, info.Mode(), strings.TrimSpace(string(text)))
	}
	filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			show(path)
		}
		return err
	})
	show("/two.txt")
}
