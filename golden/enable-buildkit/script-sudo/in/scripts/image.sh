#!/bin/sh
# Builds and pushes the image.
set -eu

cd "$(dirname "$0")/.."
if ! sudo -E docker build -t shop .; then
	exit 1
fi
sudo docker push shop
