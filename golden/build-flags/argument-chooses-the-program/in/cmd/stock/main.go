package main

import (
	"database/sql"

	_ "github.com/mattn/go-sqlite3"
)

func main() {
	db, err := sql.Open("sqlite3", "/data/stock.db")
	if err != nil || db.Ping() != nil {
		panic(err)
	}
}
