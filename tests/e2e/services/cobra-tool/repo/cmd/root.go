// Package cmd holds the commands of units.
package cmd

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"
)

var root = &cobra.Command{Use: "units", Short: "Converts lengths", SilenceUsage: true}

// Execute runs the command line.
func Execute() {
	if err := root.Execute(); err != nil {
		os.Exit(3)
	}
}

func init() {
	var digits int
	inches := &cobra.Command{
		Use:   "inches CM",
		Short: "Centimetres to inches",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			length, err := strconv.ParseFloat(args[0], 64)
			if err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "%.*f\n", digits, length/2.54)
			return nil
		},
	}
	inches.Flags().IntVar(&digits, "digits", 2, "digits after the point")
	root.AddCommand(inches)
}
