package main

import (
	"os"
	"os/exec"
)

func main() {
	exec.Command("git", "clone", os.Args[1], "/data").Run()
}
