module example.com/gauge

go 1.24

require example.org/layers v1.2.0
