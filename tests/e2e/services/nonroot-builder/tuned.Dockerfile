FROM golang:1.24 AS build
RUN useradd --create-home --uid 1500 smith
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/anvil .

FROM gcr.io/distroless/static-debian13
COPY --from=build /etc/passwd /etc/group /etc/
COPY --from=build --chown=1500:1500 /home/smith /home/smith
COPY --from=build --chown=1500:1500 /out /anvil
WORKDIR /anvil
USER smith
CMD ["./anvil"]
