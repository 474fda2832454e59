// Command ferry keeps its state in directories that were made for its user.
package main

import (
	"fmt"
	"log"
	"os"
)

func main() {
	for _, directory := range []string{"/var/lib/ferry", "/spool"} {
		if err := os.WriteFile(directory+"/state", []byte("moored"), 0o600); err != nil {
			log.Fatal(err)
		}
		info, err := os.Stat(directory)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(directory, info.Mode(), os.Getuid())
	}
}
