package main

import (
	"example.com/svc/migrations"
)

func main() {
	migrations.Run()
}
