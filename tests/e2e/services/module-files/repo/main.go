// Command notices prints the licences of what it is made of.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

func main() {
	names, _ := filepath.Glob("/licenses/*.txt")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		fmt.Println(filepath.Base(name), first)
	}
	fmt.Println(len(names), uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://notices.example.com")))
}
