package main

import "os/exec"

func main() {
	clone := exec.Command("git", "clone", "git@git.example.com:shop/stock.git", "/tmp/stock")
	if err := clone.Run(); err != nil {
		panic(err)
	}
}
