// Command nightly runs the steps of the night, each a line of shell.
package main

import (
	"fmt"
	"os"
	"os/exec"
)

var steps = []string{
	`mkdir -p /tmp/backups && touch /tmp/backups/monday /tmp/backups/tuesday /tmp/backups/wednesday`,
	`ls /tmp/backups | sort | head -n -"$KEEP" | sed 's,^,/tmp/backups/,' | xargs rm -f`,
	`ls /tmp/backups | tr '[:lower:]' '[:upper:]'`,
}

func main() {
	for number, step := range steps {
		fmt.Printf("step %d\n", number+1)
		command := exec.Command("sh", "-c", step)
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		if err := command.Run(); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
	}
}
