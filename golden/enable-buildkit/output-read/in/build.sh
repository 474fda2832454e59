#!/bin/sh
set -e
ID=$(docker build . | awk '/Successfully built/ { print $3 }')
docker tag "$ID" shop
