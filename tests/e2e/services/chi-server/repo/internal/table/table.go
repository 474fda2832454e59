// Package table holds the rates of the day.
package table

// Rates is in units for one euro.
var Rates = map[string]float64{"CHF": 0.94, "GBP": 0.85, "USD": 1.08}
