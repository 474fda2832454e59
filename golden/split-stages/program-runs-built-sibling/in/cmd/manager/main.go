package main

import "os/exec"

func main() { exec.Command("worker", "-x").Run() }
