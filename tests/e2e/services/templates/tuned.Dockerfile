FROM golang:1.24 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/menu .

FROM gcr.io/distroless/static-debian13
WORKDIR /app
COPY --from=build /src/templates templates
COPY --from=build /src/data data
COPY --from=build /src/static static
COPY --from=build /out/menu .
ENV ADDR=:18100
EXPOSE 18100
CMD ["./menu"]
