FROM golang:1.24 AS build
RUN groupadd --gid 10001 keeper && useradd --uid 10001 --gid keeper --create-home --shell /usr/sbin/nologin keeper
# The directories lie below a root of their own: COPY keeps owner and mode of what lies in a
# directory, not those of the directory itself.
RUN mkdir -p /root.d/var/lib && install -d -o keeper -g keeper -m 755 /root.d/var/lib/keeper \
    && mkdir -p /root.d/home && install -d -o keeper -g keeper /root.d/home/keeper
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/keeper .

FROM gcr.io/distroless/static-debian13
WORKDIR /srv/keeper
COPY --from=build /etc/passwd /etc/group /etc/
COPY --from=build /root.d/ /
COPY --from=build /out/keeper /usr/local/bin/keeper
USER keeper
VOLUME /var/lib/keeper
CMD ["keeper", "/var/lib/keeper"]
