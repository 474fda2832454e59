FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/app .

FROM gcr.io/distroless/static-debian13
WORKDIR /app
COPY outgoing outgoing
COPY incoming incoming
COPY reports reports
COPY --from=build /out/app spool
CMD ["./spool", "monday"]
