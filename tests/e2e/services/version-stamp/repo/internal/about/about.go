// Package about knows the release channel.
package about

var channel = "unset"

// Channel is the release channel that the linker put in.
func Channel() string {
	return channel
}
