package settings

import "example.org/layers"

// Settings is what the gauge is told.
type Settings struct {
	Address string `layer:"ADDRESS"`
}

// Load fails without the file.
func Load() (Settings, error) {
	var found Settings
	err := layers.From("gauge.env").To(&found)
	return found, err
}
