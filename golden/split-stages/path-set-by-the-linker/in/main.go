package main

import (
	"fmt"
	"os"
)

var timetable = "tables/summer.csv"

func main() {
	table, err := os.ReadFile(timetable)
	if err != nil {
		panic(err)
	}
	fmt.Print(string(table))
}
