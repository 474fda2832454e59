package main

import (
	"os"
	"os/exec"
)

func main() {
	exec.Command(os.Getenv("MIGRATE"), "-dir", "migrations", "up").Run()
}
