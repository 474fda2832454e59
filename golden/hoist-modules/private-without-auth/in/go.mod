module example.com/shop

go 1.22

require github.com/go-chi/chi/v5 v5.0.12

require git.example.com/platform/testkit v0.3.0 // indirect
