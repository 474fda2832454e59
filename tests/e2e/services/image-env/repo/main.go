// Command paths prints the environment that it depends on.
package main

import (
	"fmt"
	"log"
	"os"
)

func main() {
	directory, err := os.Getwd()
	if err != nil {
		log.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(directory, home, os.Getenv("DATA"), os.Getenv("BUILD_ID"), os.Args[0])
	if err := os.WriteFile("report.txt", []byte("done"), 0o644); err != nil {
		log.Fatal(err)
	}
}
