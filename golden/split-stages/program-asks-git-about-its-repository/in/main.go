package main

import "os/exec"

func main() {
	head, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		panic(err)
	}
	println(string(head))
}
