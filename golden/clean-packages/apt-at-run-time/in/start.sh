#!/bin/sh
set -e
if [ -n "$DEBUG" ]; then apt-get install -y strace; fi
exec shop
