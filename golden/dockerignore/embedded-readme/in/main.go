package main

import (
	_ "embed"
	"fmt"
)

//go:embed README.md
var manual string

func main() { fmt.Print(manual) }
