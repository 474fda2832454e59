// Command vault reads a key that only its user may read.
package main

import (
	"fmt"
	"log"
	"os"
	"strings"
)

const path = "/etc/vault/secret.key"

func main() {
	info, err := os.Stat(path)
	if err != nil {
		log.Fatal(err)
	}
	key, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(os.Getuid(), info.Mode(), len(strings.TrimSpace(string(key))))
}
