#!/bin/sh
set -e
export SHOP_DIR=/data
exec "$@"
