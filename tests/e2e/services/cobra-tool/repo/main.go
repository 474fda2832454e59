// Command units converts lengths.
package main

import "example.com/units/cmd"

func main() {
	cmd.Execute()
}
