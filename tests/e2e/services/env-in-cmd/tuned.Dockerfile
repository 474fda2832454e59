FROM golang:1.24 AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o app .

FROM alpine:3.23
WORKDIR /app
COPY --from=build /app/app .
ENV PORT=18110
EXPOSE 18110
CMD ./app -port $PORT -name "${NAME:-nobody}"
