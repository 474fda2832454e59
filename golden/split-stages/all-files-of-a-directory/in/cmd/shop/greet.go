package main

func greet() { println("open") }
