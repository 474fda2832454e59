// Package test holds data that the program ships, too.
package test

// Places are well known.
var Places = []string{"Bern", "Oslo"}
