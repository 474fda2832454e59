module example.com/shop

go 1.24

require github.com/godror/godror v0.44.0
