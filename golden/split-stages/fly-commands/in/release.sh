#!/bin/sh
exec /usr/local/bin/shop migrate "$@"
