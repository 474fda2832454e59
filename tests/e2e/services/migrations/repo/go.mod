module example.com/ledgerdb

go 1.24
