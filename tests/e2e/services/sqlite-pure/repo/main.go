// Command inventory keeps a stock list in SQLite.
package main

import (
	"database/sql"
	"fmt"
	"log"

	_ "modernc.org/sqlite"
)

func main() {
	db, err := sql.Open("sqlite", "stock.db")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`
		CREATE TABLE stock (name TEXT PRIMARY KEY, count INTEGER NOT NULL);
		INSERT INTO stock VALUES ('bolt', 140), ('nut', 90), ('washer', 300);`)
	if err != nil {
		log.Fatal(err)
	}
	rows, err := db.Query("SELECT upper(name), count FROM stock ORDER BY count DESC")
	if err != nil {
		log.Fatal(err)
	}
	for rows.Next() {
		var name string
		var count int
		if err := rows.Scan(&name, &count); err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, count)
	}
}
