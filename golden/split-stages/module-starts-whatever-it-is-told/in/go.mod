module example.com/chores

go 1.24

require github.com/bitfield/script v0.24.0
