// Command kiosk prints its configuration.
package main

import (
	"fmt"
	"log"

	"github.com/spf13/viper"
)

func main() {
	viper.SetConfigName("config")
	viper.SetConfigType("yaml")
	viper.AddConfigPath("/etc/kiosk/")
	viper.AddConfigPath(".")
	if err := viper.ReadInConfig(); err != nil {
		log.Fatalf("no configuration: %v", err)
	}
	fmt.Println(viper.GetString("shop.name"), viper.GetBool("shop.open"), viper.GetStringSlice("items"))
}
