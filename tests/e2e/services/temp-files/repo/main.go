// Command sorter sorts words through a file in the temporary directory.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
)

func main() {
	file, err := os.CreateTemp("", "sorter-*.txt")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file.Name())
	for _, word := range []string{"pear", "apple", "fig"} {
		fmt.Fprintln(file, word)
	}
	if _, err := file.Seek(0, 0); err != nil {
		log.Fatal(err)
	}
	var words []string
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		words = append(words, scanner.Text())
	}
	sort.Strings(words)
	fmt.Println(words, os.Getuid(), filepath.Dir(file.Name()))
}
