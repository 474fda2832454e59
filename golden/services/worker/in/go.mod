module example.com/worker

go 1.24

require golang.org/x/text v0.22.0
