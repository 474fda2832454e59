#!/bin/sh
set -e
. "$(dirname "$0")/lib/log.sh"
for part in /entrypoint.d/*.sh; do
  . "$part"
done
exec "$@"
