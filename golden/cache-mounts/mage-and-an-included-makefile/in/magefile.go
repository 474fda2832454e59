//go:build mage

package main

import "github.com/magefile/mage/sh"

// Generate writes the generated sources.
func Generate() error { return sh.Run("go", "generate", "./...") }
