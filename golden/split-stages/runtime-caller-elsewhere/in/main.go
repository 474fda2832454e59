package main

import "example.com/proverbs/store"

func main() { print(store.Read("german.txt")) }
