module example.com/proverbs

go 1.24
