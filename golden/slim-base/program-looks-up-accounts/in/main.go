package main

import "os/user"

func main() {
	staff, err := user.LookupGroup("adm")
	if err != nil {
		panic(err)
	}
	println(staff.Gid)
}
