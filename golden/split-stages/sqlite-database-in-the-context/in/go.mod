module example.com/shop

go 1.24

require modernc.org/sqlite v1.34.4
