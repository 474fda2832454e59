#!/usr/bin/env bash

set -euo pipefail

TAG=${TAG:-latest}

docker build -t "shop:$TAG" .
docker build -t "shop:$TAG-build" --target build .
