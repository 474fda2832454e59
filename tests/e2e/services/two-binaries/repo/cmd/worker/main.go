// Command worker does one job.
package main

import (
	"flag"
	"fmt"

	"example.com/jobs/internal/work"
)

func main() {
	job := flag.String("job", "", "what to do")
	flag.Parse()
	fmt.Println(work.Do(*job))
}
