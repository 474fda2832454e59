// Package lib tells which form of an invoice is newer.
package lib

import "github.com/Masterminds/semver/v3"

// Newer is the newer of two versions.
func Newer(one, other string) string {
	first, second := semver.MustParse(one), semver.MustParse(other)
	if first.GreaterThan(second) {
		return first.String()
	}
	return second.String()
}
