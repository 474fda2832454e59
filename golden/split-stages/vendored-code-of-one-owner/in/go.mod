module github.com/acme/desk

go 1.24

require github.com/acme/ledger v1.2.0
