// Command bell prints how often it rings.
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	fmt.Println(strings.Repeat("ding ", len(os.Getenv("RINGS"))) + os.Getenv("TONE"))
}
