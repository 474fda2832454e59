FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /trust

FROM gcr.io/distroless/static-debian13
WORKDIR /go/src/trust
COPY --from=build /trust /trust
CMD ["/trust"]
