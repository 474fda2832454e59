FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/lots ./cmd/lots

FROM gcr.io/distroless/static-debian13
WORKDIR /go/src/example.com/lots
ENV PATH=/go/bin:/usr/local/bin:/usr/bin:/bin
COPY --from=build /out/lots /go/bin/lots
ENTRYPOINT ["lots"]
CMD ["-n", "3"]
