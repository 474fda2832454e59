package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/jung-kurt/gofpdf"
	"go.uber.org/zap"
)

func report(w http.ResponseWriter, r *http.Request) {
	pdf := gofpdf.New("P", "mm", "A4", "")
	pdf.AddPage()
	if err := pdf.OutputFileAndClose(fmt.Sprintf("reports/%s.pdf", r.FormValue("day"))); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func main() {
	config := zap.NewProductionConfig()
	config.OutputPaths = []string{"stdout", "./logs/shop.log"}
	logger, err := config.Build()
	if err != nil {
		log.Fatal(err)
	}
	logger.Info("ready", zap.String("type", "application/json"))
	http.HandleFunc("/", report)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
