#!/bin/sh
# Takes settings from files, then runs the courier or what it was told to run.
set -e

: "${COURIER_ROUTE:=north}"
export COURIER_ROUTE

if [ -f /app/config/defaults.env ]; then
    . /app/config/defaults.env
    export COURIER_SPEED
fi

case "${1:-}" in
    deliver | -*)
        echo "route $COURIER_ROUTE"
        exec /app/courier "$@"
        ;;
esac

exec "$@"
