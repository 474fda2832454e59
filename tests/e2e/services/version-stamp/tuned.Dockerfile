FROM golang:1.24 AS build
WORKDIR /build
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION -X 'example.com/stamp/internal/about.channel=stable line'" -o /stamp .

FROM gcr.io/distroless/static-debian13
ARG VERSION=dev
LABEL org.opencontainers.image.version=$VERSION
WORKDIR /build
COPY --from=build /stamp /usr/bin/stamp
ENTRYPOINT ["stamp"]
