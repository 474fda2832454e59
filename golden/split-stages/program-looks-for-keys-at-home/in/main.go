package main

import (
	"github.com/go-git/go-git/v5"
	"log"
)

func main() {
	if _, err := git.PlainClone("/tmp/shop", false, &git.CloneOptions{URL: "git@example.com:shop"}); err != nil {
		log.Fatal(err)
	}
}
