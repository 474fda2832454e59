module example.com/shop

go 1.24

require github.com/ebitengine/purego v0.8.0
