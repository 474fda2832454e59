package main

import "github.com/bitfield/script"

func main() {
	script.Exec("curl -s https://example.com/feed").Match("title").Stdout()
}
