package main

import "os/exec"

func main() { exec.Command("ffprobe", "-x").Run() }
