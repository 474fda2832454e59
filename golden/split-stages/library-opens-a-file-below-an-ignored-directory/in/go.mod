module example.com/orders

go 1.24

require example.org/openapi v1.0.0
