package main

import "os/exec"

func main() {
	exec.Command("date", "-d", "2024-03-01", "+%F").Run()
}
