package main

import (
	"fmt"
	"log"
	"os"
)

func main() {
	banner, err := os.ReadFile(fmt.Sprintf("../%s.txt", os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(banner))
}
