// Command front calls its helper, which is found through PATH.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
)

func main() {
	output, err := exec.Command("back", "7").CombinedOutput()
	if err != nil {
		log.Fatalf("back: %v", err)
	}
	fmt.Printf("%s: %s", os.Args[0], output)
}
