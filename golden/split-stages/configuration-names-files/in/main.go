package main

import (
	"encoding/json"
	"os"
	"os/exec"
)

type camera struct {
	Source string `json:"source"`
	Filter string `json:"filter"`
	Target string `json:"target"`
}

func main() {
	data, err := os.ReadFile("settings/cameras.json")
	if err != nil {
		panic(err)
	}
	var cameras []camera
	if err := json.Unmarshal(data, &cameras); err != nil {
		panic(err)
	}
	for _, each := range cameras {
		run := exec.Command("ffmpeg", "-i", each.Source, "-vf", each.Filter, each.Target)
		if err := run.Run(); err != nil {
			panic(err)
		}
	}
}
