package chi

import _ "embed"

//go:embed README.md
var Manual string
