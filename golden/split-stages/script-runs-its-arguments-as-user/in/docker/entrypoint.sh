#!/bin/sh
set -e
if [ "${1#-}" != "$1" ]; then
	set -- shop "$@"
fi
chown -R 1000 /data
exec su-exec 1000 "$@"
