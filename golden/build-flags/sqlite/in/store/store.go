package store

import (
	"database/sql"

	_ "github.com/mattn/go-sqlite3"
)

// Open opens the database.
func Open(name string) (*sql.DB, error) { return sql.Open("sqlite3", name) }
