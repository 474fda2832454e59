module example.com/invoice

go 1.24

require (
	example.com/lib v0.0.0
	github.com/dustin/go-humanize v1.0.1
)

require github.com/Masterminds/semver/v3 v3.3.1 // indirect

replace example.com/lib => ./lib
