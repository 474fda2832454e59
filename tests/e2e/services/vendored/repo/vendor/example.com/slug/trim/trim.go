// Package trim removes blanks.
package trim

import "strings"

// All leaves one blank between two words, and none around them.
func All(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
