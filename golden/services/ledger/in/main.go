// Command ledger keeps accounts in an SQLite database, which needs cgo.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"os"

	_ "github.com/mattn/go-sqlite3"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--help" {
		fmt.Println("usage: ledger ENTRY")
		return
	}
	db, err := sql.Open("sqlite3", "ledger.db")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Exec("create table if not exists entries (text)"); err != nil {
		log.Fatal(err)
	}
	if _, err := db.Exec("insert into entries values (?)", os.Args[len(os.Args)-1]); err != nil {
		log.Fatal(err)
	}
}
