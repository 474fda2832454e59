// Command dispatch logs what it hands out.
package main

import (
	"os"

	"go.uber.org/zap"
)

func main() {
	config := zap.NewProductionConfig()
	config.EncoderConfig.TimeKey = ""
	config.OutputPaths = []string{"stdout"}
	logger, err := config.Build()
	if err != nil {
		os.Exit(1)
	}
	defer logger.Sync()
	for _, order := range []int{17, 23, 42} {
		logger.Info("order dispatched", zap.Int("order", order), zap.Bool("express", order%2 == 0))
	}
}
