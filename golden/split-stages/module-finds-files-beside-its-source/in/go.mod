module example.com/svc

go 1.22

require (
	github.com/yanyiwu/gojieba v1.0.0
)
