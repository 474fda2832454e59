FROM golang:1.24 AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o pulse .

FROM alpine:3.23
WORKDIR /app
COPY --from=build /app/pulse .
EXPOSE 18102
HEALTHCHECK --interval=2s --timeout=2s --retries=3 CMD wget -q -O /dev/null http://127.0.0.1:18102/healthz || exit 1
CMD ["./pulse"]
