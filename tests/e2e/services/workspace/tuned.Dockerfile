FROM golang:1.24 AS build
WORKDIR /src
COPY go.work ./
COPY money/go.mod money/go.sum money/
COPY till/go.mod till/go.sum till/
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/till ./till

FROM gcr.io/distroless/static-debian13
WORKDIR /workspace
COPY --from=build /out/till /usr/local/bin/till
CMD ["till"]
