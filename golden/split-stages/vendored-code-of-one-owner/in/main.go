package main

import "github.com/acme/ledger"

func main() {
	ledger.Open()
}
