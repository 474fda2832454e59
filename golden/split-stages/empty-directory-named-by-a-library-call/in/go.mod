module example.com/shop

go 1.24

require (
	github.com/jung-kurt/gofpdf v1.16.2
	go.uber.org/zap v1.27.0
)
