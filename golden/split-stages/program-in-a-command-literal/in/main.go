package main

import (
	"log"
	"os"
	"os/exec"
)

func main() {
	command := &exec.Cmd{
		Path: "/usr/bin/git",
		Args: []string{"git", "clone", "--mirror", os.Getenv("REMOTE"), "/tmp/mirror"},
	}
	if err := command.Run(); err != nil {
		log.Fatal(err)
	}
}
