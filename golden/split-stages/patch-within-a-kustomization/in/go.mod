module example.com/loom

go 1.24
