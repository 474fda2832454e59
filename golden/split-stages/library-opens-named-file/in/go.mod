module example.com/shop

go 1.22

require github.com/acme/fancyconf v1.0.0
