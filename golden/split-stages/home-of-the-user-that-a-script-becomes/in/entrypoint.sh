#!/bin/sh
set -eu
usermod -o -u "${SHOP_UID:-1500}" shop
chown shop /home/shop
exec su-exec shop "$@"
