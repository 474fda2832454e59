package main

import (
	"os/user"
	"strconv"
	"syscall"
)

func main() {
	web, err := user.Lookup("www-data")
	if err != nil {
		panic(err)
	}
	id, err := strconv.Atoi(web.Uid)
	if err != nil {
		panic(err)
	}
	if err := syscall.Setuid(id); err != nil {
		panic(err)
	}
}
