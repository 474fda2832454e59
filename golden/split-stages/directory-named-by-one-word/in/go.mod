module example.com/svc

go 1.22

require (
	github.com/gookit/i18n v1.0.0
	github.com/jung-kurt/gofpdf v1.0.0
)
