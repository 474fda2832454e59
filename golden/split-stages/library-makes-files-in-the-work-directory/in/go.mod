module example.com/svc

go 1.22

require (
	github.com/acme/kv v1.0.0
)
