module example.com/shop

go 1.25

require (
	github.com/gorilla/mux v1.8.1
	github.com/testcontainers/testcontainers-go v0.40.0
)
