module example.com/svc

go 1.22

require (
	github.com/amacneil/dbmate/v2 v2.0.0
	github.com/foolin/goview v1.0.0
)
