// Command keeper writes a record below a directory and says who owns it.
package main

import (
	"fmt"
	"log"
	"os"
	"os/user"
	"path/filepath"
	"syscall"
)

func show(path string) {
	info, err := os.Stat(path)
	if err != nil {
		log.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	fmt.Println(path, info.Mode(), owner.Uid, owner.Gid)
}

func main() {
	log.SetFlags(0)
	me, err := user.Current()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("user", me.Username, me.Uid, me.Gid)
	home, err := os.UserHomeDir()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("home", home, os.Getenv("HOME") == me.HomeDir)
	if err := os.WriteFile(filepath.Join(home, ".keeper"), []byte("seen\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	directory := os.Args[1]
	show(directory)
	record := filepath.Join(directory, "record")
	if err := os.WriteFile(record, []byte("kept\n"), 0o640); err != nil {
		log.Fatal(err)
	}
	show(record)
	show(filepath.Join(home, ".keeper"))
}
