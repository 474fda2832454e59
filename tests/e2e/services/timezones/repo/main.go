// Command departures prints when a ferry leaves, on the clocks of both harbours.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	summer := time.Date(2024, time.July, 1, 12, 0, 0, 0, time.UTC)
	winter := time.Date(2024, time.January, 1, 12, 0, 0, 0, time.UTC)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, leaves := range []time.Time{summer, winter} {
		fmt.Println("harbour", leaves.In(berlin).Format(time.RFC1123))
		fmt.Println("ours   ", leaves.In(time.Local).Format(time.RFC1123))
	}
	for _, name := range os.Args[1:] {
		zone, err := time.LoadLocation(name)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(name, summer.In(zone).Format(time.RFC1123))
	}
}
