module example.com/sizes

go 1.24

require github.com/dustin/go-humanize v1.1.0
