package main

import (
	"fmt"

	"example.com/shop/pkg/a"
)

func main() { fmt.Println(a.Hi()) }
