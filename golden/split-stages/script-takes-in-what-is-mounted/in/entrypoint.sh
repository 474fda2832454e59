#!/bin/sh
set -e
for part in /docker-entrypoint.d/*.sh; do
  [ -r "$part" ] && . "$part"
done
exec "$@"
