#!/bin/sh
set -e
goose -dir migrations up
exec ./server
