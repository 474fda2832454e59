#!/bin/sh
set -e
umask 027
exec "$@"
