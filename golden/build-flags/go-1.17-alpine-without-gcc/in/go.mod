module example.com/shop

go 1.17

require example.org/queue v1.4.0
