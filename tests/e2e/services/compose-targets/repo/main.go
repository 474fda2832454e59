// Command ledger adds up the accounts in accounts.csv.
package main

import (
	"encoding/csv"
	"fmt"
	"log"
	"os"
	"strconv"
)

func main() {
	file, err := os.Open("accounts.csv")
	if err != nil {
		log.Fatal(err)
	}
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		log.Fatal(err)
	}
	total := 0
	for _, row := range rows {
		amount, err := strconv.Atoi(row[1])
		if err != nil {
			log.Fatal(err)
		}
		total += amount
	}
	fmt.Printf("%s: %d accounts, %d\n", os.Getenv("MODE"), len(rows), total)
}
