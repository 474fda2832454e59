module example.com/sextant

go 1.24
