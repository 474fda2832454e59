module example.com/printers

go 1.24
