// Package root knows where the sources are.
package root

import (
	"path/filepath"
	"runtime"
)

var _, file, _, _ = runtime.Caller(0)

// Directory is that of the repository.
var Directory = filepath.Join(filepath.Dir(file), "..", "..")
