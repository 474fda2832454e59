FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/app .

FROM gcr.io/distroless/static-debian13
ARG BUILD=local
ENV BUILD_ID=$BUILD DATA=/go/data PATH=/opt/paths:$PATH
LABEL build=$BUILD tier="back end"
WORKDIR /go/data/reports
COPY --from=build /out/app /opt/paths/paths
CMD ["paths"]
