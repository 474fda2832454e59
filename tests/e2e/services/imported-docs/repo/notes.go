// Package atlas embeds its notes.
package atlas

import "embed"

// Notes are the licence and the release notes.
//
//go:embed LICENSE.md all:release
var Notes embed.FS
