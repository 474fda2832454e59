// Package store has the proverbs beside its sources.
package store

import (
	"os"
	"path/filepath"
	"runtime"
)

func Read(name string) string {
	_, here, _, _ := runtime.Caller(0)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(here), name))
	if err != nil {
		panic(err)
	}
	return string(text)
}
