// Command pump works until it is told to stop, and then finishes in order.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	fmt.Println("pumping")
	received := <-stop
	fmt.Println("drained after", received)
}
