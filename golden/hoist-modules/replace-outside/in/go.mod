module example.com/shop

go 1.22

require github.com/go-chi/chi/v5 v5.0.12

require example.com/log v0.0.0

replace example.com/log => ../log
