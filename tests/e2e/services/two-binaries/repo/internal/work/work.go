// Package work holds the jobs.
package work

import "strings"

// Do does a job.
func Do(job string) string {
	return "done: " + strings.ToUpper(job)
}
