// Command library shows a shelf of books.
package main

import (
	"log"
	"net/http"

	"github.com/gin-gonic/gin"
)

var books = []string{"Effi Briest", "Middlemarch", "Moby-Dick"}

func main() {
	router := gin.New()
	router.LoadHTMLGlob("templates/*")
	router.Static("/assets", "./assets")
	router.GET("/", func(c *gin.Context) {
		c.HTML(http.StatusOK, "shelf.html", gin.H{"Title": "Shelf", "Books": books})
	})
	router.GET("/books", func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"books": books})
	})
	log.Fatal(router.Run(":18150"))
}
