module example.com/lots

go 1.24
