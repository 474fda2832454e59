module example.com/svc

go 1.22

require (
	github.com/acme/cpp v1.0.0
)
