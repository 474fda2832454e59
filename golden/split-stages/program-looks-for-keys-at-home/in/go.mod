module example.com/svc

go 1.22

require (
	github.com/go-git/go-git/v5 v5.0.0
)
