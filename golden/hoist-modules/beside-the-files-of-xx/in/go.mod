module example.com/shop

go 1.25

require github.com/gorilla/mux v1.8.1
