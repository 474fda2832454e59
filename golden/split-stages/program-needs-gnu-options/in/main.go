package main

import "os/exec"

func main() {
	exec.Command("sh", "-c", `date -u -d "2024-03-01 -1 day" +%F | grep -oP '^\d+-\d+'`).Run()
	exec.Command("ps", "aux").Run()
}
