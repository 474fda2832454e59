// Package ports holds what docker-compose.yml publishes.
package ports

//go:generate go run ./gen -from ../../docker-compose.yml
