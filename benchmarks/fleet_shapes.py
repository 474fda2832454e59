"""The Dockerfiles of benchmarks/fleet.py, as they stand in many repositories.

{package}: the package of the service, relative to the build context; {here}: its directory there;
{name}: the service.
"""

from __future__ import annotations

from typing import Final

_NAIVE: Final = """\
FROM golang:1.24
WORKDIR /src
COPY . .
RUN go build -o /usr/local/bin/app {package}
ENV PORT=8080
EXPOSE 8080
CMD ["app"]
"""

_DOWNLOADS_LATE: Final = """\
# The service {name}.
FROM golang:1.24

WORKDIR /go/src/app
COPY . .
RUN go mod download
RUN go vet {package}
RUN go build -o /app {package}

ENV PORT=8080
EXPOSE 8080
ENTRYPOINT ["/app"]
"""

_TO_ALPINE: Final = """\
FROM golang:1.24-alpine AS builder
RUN apk add --no-cache git
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=linux go build -o /out/{name} {package}

FROM alpine:3.22
RUN apk add --no-cache ca-certificates tzdata
COPY --from=builder /out/{name} /usr/local/bin/{name}
ENV PORT=8080
EXPOSE 8080
ENTRYPOINT ["{name}"]
"""

_TO_DEBIAN: Final = """\
FROM golang:1.24-bookworm AS build
WORKDIR /src
COPY . .
RUN go build -v -o /bin/app {package}

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y ca-certificates curl
COPY --from=build /bin/app /bin/app
HEALTHCHECK --interval=30s CMD curl -f http://localhost:8080/healthz || exit 1
ENV PORT=8080
CMD ["/bin/app"]
"""

_ALPINE: Final = """\
FROM golang:1.24-alpine
RUN apk add --no-cache git gcc musl-dev
WORKDIR /app
COPY . .
RUN go build -o main {package}
ENV PORT 8080
EXPOSE 8080
CMD ["./main"]
"""

_APT: Final = """\
FROM golang:1.24
RUN apt-get update
RUN apt-get install -y git make unzip
RUN mkdir -p /app
WORKDIR /app
COPY . /app
RUN go get -d ./...
RUN go build -o /app/server {package}
EXPOSE 8080
CMD ["/app/server"]
"""

_SCRIPT: Final = """\
FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN ./scripts/build.sh {package}

FROM gcr.io/distroless/base-debian12
COPY --from=build /out/app /app
ENTRYPOINT ["/app"]
"""

_ARGS: Final = """\
ARG GO_VERSION=1.24
FROM golang:${GO_VERSION} AS build
ARG VERSION=dev
ARG COMMIT=none
WORKDIR /src
COPY go.* ./
RUN go mod download
COPY . .
RUN go build -ldflags "-X main.version=${VERSION} -X main.commit=${COMMIT}" \\
    -o /out/server {package}

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="{name}"
COPY --from=build /out/server /server
COPY {here}/config.yaml /etc/{name}/config.yaml
USER nobody
ENTRYPOINT ["/server"]
"""

_TUNED: Final = """\
# syntax=docker/dockerfile:1
FROM golang:1.24 AS build
WORKDIR /src
RUN --mount=type=cache,target=/go/pkg/mod \\
    --mount=type=bind,source=go.mod,target=go.mod \\
    --mount=type=bind,source=go.sum,target=go.sum \\
    go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \\
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /app {package}

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /app /app
ENTRYPOINT ["/app"]
"""

_SCRATCH: Final = """\
FROM golang:1.24-alpine AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -a -installsuffix cgo -o app {package}

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/app /app
EXPOSE 8080
CMD ["/app"]
"""

_ENTRYPOINT: Final = """\
FROM golang:1.24-bookworm
WORKDIR /app
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -o /usr/bin/{name} {package} && go clean -cache
COPY {here}/entrypoint.sh /entrypoint.sh
ENV PORT=8080 GIN_MODE=release
EXPOSE 8080
ENTRYPOINT ["/entrypoint.sh"]
CMD ["{name}"]
"""

_TESTED: Final = """\
FROM golang:1.24 AS base
WORKDIR /src
COPY . .

FROM base AS test
RUN go test {package}/...

FROM base AS build
RUN --mount=type=cache,target=/root/.cache/go-build go build -o /out/app {package}

FROM ubuntu:24.04
RUN useradd -m app
COPY --from=build --chown=app /out/app /home/app/app
USER app
WORKDIR /home/app
CMD ./app
"""

_CASCADE: Final = """\
FROM golang:1.24
ENV GO111MODULE=on
ENV CGO_ENABLED=0
ENV PORT=8080
WORKDIR /go/src/example.com/{name}
ADD . .
RUN go mod download
RUN mkdir /data
RUN chmod 755 /data
RUN go install {package}
VOLUME /data
EXPOSE 8080
CMD ["/go/bin/{name}"]
"""

#: Shape -> text, and how often each is drawn.
DOCKERFILES: Final = {
    "naive": _NAIVE,
    "downloads-late": _DOWNLOADS_LATE,
    "to-alpine": _TO_ALPINE,
    "to-debian": _TO_DEBIAN,
    "alpine": _ALPINE,
    "apt": _APT,
    "script": _SCRIPT,
    "args": _ARGS,
    "tuned": _TUNED,
    "scratch": _SCRATCH,
    "entrypoint": _ENTRYPOINT,
    "tested": _TESTED,
    "cascade": _CASCADE,
}
WEIGHTS: Final = (18, 10, 16, 9, 7, 7, 3, 8, 5, 6, 4, 4, 3)

#: A service in another language that lies among them.
REST: Final = """\
FROM node:22-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --omit=dev
COPY . .
USER node
CMD ["node", "server.js"]
"""
