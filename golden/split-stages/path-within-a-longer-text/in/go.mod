module example.com/svc

go 1.22

require (
	github.com/acme/fancyconf v1.0.0
	github.com/caarlos0/env/v11 v11.0.0
	github.com/kataras/i18n v1.0.0
)
