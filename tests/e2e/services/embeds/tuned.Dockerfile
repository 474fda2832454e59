FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /handbook .

FROM gcr.io/distroless/static-debian13
WORKDIR /src
COPY --from=build /handbook /usr/local/bin/handbook
CMD ["handbook"]
