package main

import "os/exec"

func main() { exec.Command("goose", "up").Run() }
