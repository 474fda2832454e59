#!/bin/sh
set -e
. ./scripts/version.sh
CGO_ENABLED=0 go build -o /out/shop .
