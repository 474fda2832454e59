package main

import "os/exec"

func main() {
	exec.Command("sh", "-c", "cd /tmp && umask 077 && export DAY=1 && ls | wc -l").Run()
	exec.Command("find", "/tmp", "-name", "*.part", "-exec", "rm", "-f", "{}", ";").Run()
}
