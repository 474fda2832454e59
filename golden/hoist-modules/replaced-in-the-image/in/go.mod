module example.com/shop

go 1.24

require github.com/go-chi/chi/v5 v5.2.1
require github.com/acme/log v0.0.0
