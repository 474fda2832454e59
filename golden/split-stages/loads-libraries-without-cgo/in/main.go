package main

import "github.com/ebitengine/purego"

func main() { purego.Dlopen("libm.so.6", purego.RTLD_NOW) }
