package main

import (
	"github.com/amacneil/dbmate/v2/pkg/dbmate"
	"github.com/foolin/goview"
	"log"
	"net/http"
	"net/url"
	"os"
)

func main() {
	address, err := url.Parse(os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	if err := dbmate.New(address).CreateAndMigrate(); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if err := goview.Render(w, http.StatusOK, "index", nil); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
