package main

import (
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/acme/fancyconf"
	"github.com/caarlos0/env/v11"
	"github.com/kataras/i18n"
)

type settings struct {
	Model string `env:"MODEL" envDefault:"models/small.onnx"`
}

func main() {
	var s settings
	if err := env.Parse(&s); err != nil {
		log.Fatal(err)
	}
	fancyconf.MustLoad(filepath.Join("config", os.Getenv("STAGE")+".hcl"))
	i18n.New(i18n.Glob("./locales/*/*.yml"), "en-GB")
	db, err := sql.Open("csvq", "")
	if err != nil {
		log.Fatal(err)
	}
	rows, err := db.Query("SELECT name FROM CSV(',', 'data/cities.csv') AS c")
	if err != nil {
		log.Fatal(fmt.Errorf("docs/setup.md tells more: %w", err))
	}
	defer rows.Close()
	fancyconf.Run(s.Model)
}
