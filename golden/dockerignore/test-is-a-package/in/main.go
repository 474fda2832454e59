package main

import _ "example.com/shop/test/fixtures"

func main() {}
