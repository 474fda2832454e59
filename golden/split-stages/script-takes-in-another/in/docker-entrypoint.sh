#!/bin/sh
set -e
. ./scripts/env.sh
until nc -z "$DB_HOST" 5432; do sleep 1; done
exec "$@"
