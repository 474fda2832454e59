package main

import _ "example.com/docs"

func main() {}
