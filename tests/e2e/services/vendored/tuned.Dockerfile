FROM golang:1.24 AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -mod=vendor -o slugs .

FROM gcr.io/distroless/static-debian13
WORKDIR /app
COPY --from=build /app/slugs .
CMD ["/app/slugs", "The Long Road", "  A  b  "]
