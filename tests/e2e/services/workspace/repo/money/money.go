// Package money writes amounts.
package money

import "github.com/dustin/go-humanize"

// Cents writes an amount with its decimals.
func Cents(amount int64) string {
	return humanize.CommafWithDigits(float64(amount)/100, 2)
}
