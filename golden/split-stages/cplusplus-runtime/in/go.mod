module example.com/shop

go 1.24

require github.com/marcboeker/go-duckdb v1.8.5
