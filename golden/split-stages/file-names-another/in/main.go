package main

import (
	"github.com/acme/onnx"
	"github.com/flosch/pongo2/v6"
	"github.com/getkin/kin-openapi/openapi3"
	"gopkg.in/yaml.v3"
	"log"
	"net/http"
	"os"
)

func main() {
	data, err := os.ReadFile("config.yaml")
	if err != nil {
		log.Fatal(err)
	}
	var config struct{ Model, Rules string }
	if err := yaml.Unmarshal(data, &config); err != nil {
		log.Fatal(err)
	}
	if _, err := openapi3.NewLoader().LoadFromFile("api/openapi.yaml"); err != nil {
		log.Fatal(err)
	}
	model := onnx.MustOpen(config.Model, config.Rules)
	page := pongo2.Must(pongo2.FromFile("templates/page.html"))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if err := page.ExecuteWriter(pongo2.Context{"model": model}, w); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
