module example.com/till

go 1.24

require (
	example.com/money v0.0.0
	github.com/Masterminds/semver/v3 v3.3.1
)

require github.com/dustin/go-humanize v1.0.1 // indirect

replace example.com/money => ../money
