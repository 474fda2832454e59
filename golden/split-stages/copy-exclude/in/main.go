package main

import "os"

func main() { os.ReadFile("seed/x.json"); os.ReadFile("notes.md") }
