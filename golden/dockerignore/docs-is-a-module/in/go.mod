module example.com/shop

go 1.24

require example.com/docs v0.0.0

replace example.com/docs => ./docs
