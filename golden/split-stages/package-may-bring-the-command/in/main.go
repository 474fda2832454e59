package main

import "os/exec"

func main() {
	if err := exec.Command("lp", "receipt.txt").Run(); err != nil {
		panic(err)
	}
}
