FROM golang:1.24 AS build
WORKDIR /app
COPY go.mod main.go ./
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o departures

FROM gcr.io/distroless/static-debian13
WORKDIR /app
COPY --from=build /app/departures .
ENV TZ=America/New_York
ENTRYPOINT ["/app/departures"]
