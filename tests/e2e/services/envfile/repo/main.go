// Command postcard prints a greeting from its environment.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/joho/godotenv"
)

func main() {
	if err := godotenv.Load(); err != nil {
		log.Println("no .env file, using the environment")
	}
	fmt.Printf("%s -- %s\n", os.Getenv("GREETING"), os.Getenv("FROM_CITY"))
}
