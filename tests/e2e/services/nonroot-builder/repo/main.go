// Command anvil leaves a mark in its directory.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/google/uuid"
)

func main() {
	mark := uuid.NewSHA1(uuid.Nil, []byte("anvil")).String()
	if err := os.WriteFile("mark", []byte(mark), 0o600); err != nil {
		log.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(mark, home, os.Getuid(), os.Getgid())
}
