FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/courier ./cmd/courier

FROM alpine:3.23
WORKDIR /app
COPY --from=build --chmod=755 /src/docker-entrypoint.sh ./
COPY --from=build /src/config config
COPY --from=build /out/courier .
ENTRYPOINT ["/app/docker-entrypoint.sh"]
CMD ["deliver"]
