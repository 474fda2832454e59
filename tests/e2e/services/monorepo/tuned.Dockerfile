FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/app ./services/api

FROM gcr.io/distroless/static-debian13
WORKDIR /workspace
COPY services/api/prices.json services/api/
COPY --from=build /out/app /usr/local/bin/api
CMD ["api"]
