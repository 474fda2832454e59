module example.com/acme/feed

go 1.24
