"""The `go build` commands of a stage: toolchain, flags, cgo, builds behind make and scripts."""
