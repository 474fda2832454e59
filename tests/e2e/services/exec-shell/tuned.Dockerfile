FROM golang:1.24 AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o nightly .

FROM alpine:3.23
WORKDIR /app
COPY --from=build /app/nightly .
ENV KEEP=2
CMD ["./nightly"]
