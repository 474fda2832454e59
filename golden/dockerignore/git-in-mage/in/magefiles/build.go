//go:build mage

package main

import "github.com/magefile/mage/sh"

// Build compiles the shop.
func Build() error {
	version, err := sh.Output("git", "describe", "--tags")
	if err != nil {
		return err
	}
	return sh.Run("go", "build", "-ldflags", "-X main.version="+version, "-o", "bin/shop", ".")
}
