// Command menu serves the menu of the day.
package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"sort"
)

type dish struct {
	Name  string `json:"name"`
	Cents int    `json:"cents"`
}

func (d dish) Price() string {
	return fmt.Sprintf("%d.%02d", d.Cents/100, d.Cents%100)
}

// load reads every course below data, by the name of its file.
func load() (map[string][]dish, error) {
	names, err := filepath.Glob("data/*.json")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	courses := map[string][]dish{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var dishes []dish
		if err := json.Unmarshal(text, &dishes); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		base := filepath.Base(name)
		courses[base[:len(base)-len(".json")]] = dishes
	}
	return courses, nil
}

func main() {
	pages := template.Must(template.ParseGlob("templates/*.html"))
	courses, err := load()
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir("./static"))))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNotFound)
			_ = pages.ExecuteTemplate(w, "missing.html", r.URL.Path)
			return
		}
		if err := pages.ExecuteTemplate(w, "menu.html", courses); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(os.Getenv("ADDR"), nil))
}
