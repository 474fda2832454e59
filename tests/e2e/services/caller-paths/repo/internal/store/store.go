// Package store reads the proverbs that lie next to its source.
package store

import (
	"os"
	"path/filepath"
	"runtime"
)

func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// Read returns the text of a file in data/.
func Read(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root(), "data", name))
	return string(text), err
}
