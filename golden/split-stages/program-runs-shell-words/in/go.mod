module example.com/acme/tidy

go 1.24
