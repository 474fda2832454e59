#!/bin/sh
. ./scripts/lib.sh
read_secrets
exec "$@"
