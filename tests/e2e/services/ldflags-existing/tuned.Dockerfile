FROM golang:1.24 AS build
ARG VERSION=1.8.0
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.version=${VERSION} -X 'main.channel=stable channel' -X 'main.author=Ada L.'" -o /out/app .

FROM gcr.io/distroless/static-debian13
ARG VERSION=1.8.0
LABEL org.opencontainers.image.version=$VERSION
WORKDIR /app
COPY --from=build /out/app stamp
CMD ["./stamp"]
