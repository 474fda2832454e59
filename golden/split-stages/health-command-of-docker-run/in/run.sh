#!/bin/sh
set -e
docker build -t quay .
docker run -d --name quay --restart unless-stopped \
  --health-cmd "wget -q -O - http://127.0.0.1:8080/ready" quay
