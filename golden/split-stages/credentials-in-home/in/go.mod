module github.com/acme/shop

go 1.22

require github.com/google/uuid v1.0.0
