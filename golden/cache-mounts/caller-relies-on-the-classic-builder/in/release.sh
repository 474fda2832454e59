#!/bin/sh
set -e
id=$(docker build . | tail -1 | awk '{ print $3 }')
docker tag "$id" shop
