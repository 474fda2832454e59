FROM golang:1.24
RUN go install example.com/lint@v1
