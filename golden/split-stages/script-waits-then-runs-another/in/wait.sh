#!/bin/sh
address=$1
shift 2
until nc -z "${address%:*}" "${address#*:}"; do sleep 1; done
exec "$@"
