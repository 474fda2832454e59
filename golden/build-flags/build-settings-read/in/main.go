package main

import (
	"runtime/debug"
)

func main() {
	info, _ := debug.ReadBuildInfo()
	for _, setting := range info.Settings {
		if setting.Key == "-ldflags" {
			println(setting.Value)
		}
	}
}
