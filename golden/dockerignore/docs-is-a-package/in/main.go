package main

import _ "example.com/shop/docs"

func main() {}
