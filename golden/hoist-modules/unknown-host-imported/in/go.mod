module example.com/shop

go 1.22

require github.com/go-chi/chi/v5 v5.0.12

require go.example.dev/kit v0.3.0
