module example.com/herald

go 1.24
