// Command api takes jobs and gives each to a worker of its own.
package main

import (
	"fmt"
	"os"
	"os/exec"
)

func main() {
	for _, job := range []string{"resize", "crop"} {
		output, err := exec.Command("./bin/worker", "-job", job).CombinedOutput()
		if err != nil {
			fmt.Println("worker:", err)
			os.Exit(1)
		}
		fmt.Printf("%s -> %s", job, output)
	}
}
