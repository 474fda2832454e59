package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
)

const uploads = "uploads"

func upload(w http.ResponseWriter, r *http.Request) {
	file, header, err := r.FormFile("file")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	defer file.Close()
	spool, err := os.CreateTemp("incoming", "upload-*")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer spool.Close()
	kept, err := os.Create(filepath.Join(uploads, filepath.Base(header.Filename)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer kept.Close()
	io.Copy(io.MultiWriter(spool, kept), file)
}

func main() {
	http.HandleFunc("/", upload)
	log.Fatal(http.ListenAndServe(":8080", nil))
}
