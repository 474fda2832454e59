module example.com/anvil

go 1.24
