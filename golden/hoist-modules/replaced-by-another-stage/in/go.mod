module example.com/shop

go 1.25

require (
	example.com/api v0.0.0
	github.com/gorilla/mux v1.8.1
)

replace example.com/api => ./api
