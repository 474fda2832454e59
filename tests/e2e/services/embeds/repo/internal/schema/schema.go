// Package schema holds the tables of the handbook.
package schema

import "embed"

// Files are the migrations, and the hidden file that fixes their order.
//
//go:embed *.sql .order README.md
var Files embed.FS
