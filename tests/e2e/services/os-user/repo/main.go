// Command whoami prints who runs it.
package main

import (
	"fmt"
	"log"
	"os/user"
)

func main() {
	current, err := user.Current()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("current", current.Uid, current.Gid, current.Username, current.HomeDir)
	for _, id := range []string{"0", "65534"} {
		found, err := user.LookupId(id)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(id, found.Username, found.HomeDir)
	}
	if _, err := user.Lookup("no-such-user"); err != nil {
		fmt.Println(err)
	}
}
