GO ?= go

bin/%:
	CGO_ENABLED=0 $(GO) build -o $@ .
