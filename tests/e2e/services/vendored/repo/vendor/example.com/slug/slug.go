// Package slug turns titles into parts of addresses.
package slug

import (
	"strings"

	"example.com/slug/trim"
)

// Of is the slug of a title.
func Of(title string) string {
	return strings.ReplaceAll(strings.ToLower(trim.All(title)), " ", "-")
}
