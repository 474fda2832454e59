package main

import "github.com/google/gopacket/pcapgo"

func main() { pcapgo.NewReader(nil) }
