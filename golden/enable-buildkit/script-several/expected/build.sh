#!/usr/bin/env bash

set -euo pipefail

export DOCKER_BUILDKIT=1

TAG=${TAG:-latest}

docker build -t "shop:$TAG" .
docker build -t "shop:$TAG-build" --target build .
