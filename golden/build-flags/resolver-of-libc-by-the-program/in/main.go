//go:debug netdns=cgo
package main

import (
	"fmt"
	"net"
)

func main() {
	addresses, err := net.LookupHost("desk.local")
	fmt.Println(addresses, err)
}
