package main

import (
	"github.com/gookit/i18n"
	"github.com/jung-kurt/gofpdf"
	"log"
	"net/http"
)

func main() {
	i18n.Init("lang", "en", map[string]string{"en": "English", "docs": "Help"})
	http.HandleFunc("/bill", func(w http.ResponseWriter, r *http.Request) {
		pdf := gofpdf.New("P", "mm", "A4", "fonts")
		pdf.AddUTF8Font("plain", "", "Plain.ttf")
		if err := pdf.Output(w); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
