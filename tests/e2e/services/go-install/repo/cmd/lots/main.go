// Command lots draws lots, always the same ones.
package main

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
)

func main() {
	count := flag.Int("n", 1, "how many to draw")
	flag.Parse()
	if path, err := exec.LookPath(os.Args[0]); err != nil {
		fmt.Println("not on the PATH:", err)
	} else {
		fmt.Println("started from", path)
	}
	directory, err := os.Getwd()
	fmt.Println("in", directory, err)
	source := rand.New(rand.NewSource(7))
	for range *count {
		fmt.Println(source.Intn(49) + 1)
	}
}
