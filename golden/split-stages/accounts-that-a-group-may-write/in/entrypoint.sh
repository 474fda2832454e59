#!/bin/sh
if ! whoami >/dev/null 2>&1; then
  echo "shop:x:$(id -u):0::/app:/sbin/nologin" >> /etc/passwd
fi
exec "$@"
