module example.com/svc

go 1.22

require (
	github.com/wasmerio/wasmer-go v1.0.0
)
