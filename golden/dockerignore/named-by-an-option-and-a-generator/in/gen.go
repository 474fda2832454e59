package main

//go:generate cp .vscode/shop.json embedded.json
