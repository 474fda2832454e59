FROM golang:1.24 AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY lib/go.mod lib/go.sum lib/
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /invoice ./cmd/invoice

FROM gcr.io/distroless/static-debian13
WORKDIR /src
COPY --from=build /invoice /usr/local/bin/invoice
CMD ["invoice"]
