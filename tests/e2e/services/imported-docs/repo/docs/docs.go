// Package docs holds the description of the interface.
package docs

import _ "embed"

// Text is the manual.
//
//go:embed manual.md
var Text string
