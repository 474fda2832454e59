package main

import (
	"github.com/yanyiwu/gojieba"
)

func main() {
	words := gojieba.NewJieba()
	defer words.Free()
}
