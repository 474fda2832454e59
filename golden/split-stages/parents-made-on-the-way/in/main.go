package main

import "os"

func main() { os.Create("/var/spool/shop/in/x"); os.Create("/var/run/shop/pid") }
