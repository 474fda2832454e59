package main

import (
	"database/sql"
	"fmt"
	"log"

	_ "modernc.org/sqlite"
)

func main() {
	db, err := sql.Open("sqlite", "file:catalogue.db?mode=rw")
	if err != nil {
		log.Fatal(err)
	}
	var count int
	if err := db.QueryRow("SELECT count(*) FROM products").Scan(&count); err != nil {
		log.Fatal(err)
	}
	fmt.Println(count, "products")
}
