#!/bin/sh
set -e
if [ "$1" = shop ] && [ "$(id -u)" = 0 ]; then
  chown -R shop:shop /var/lib/shop
  exec gosu shop "$0" "$@"
fi
exec "$@"
