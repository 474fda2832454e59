FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/ ./cmd/...

FROM gcr.io/distroless/static-debian13
WORKDIR /app
COPY --from=build /src/migrations migrations
COPY --from=build /out/ bin/
CMD ["./bin/api"]
