#!/bin/bash
set -euo pipefail
curl -fsS http://config.example.com/ > /tmp/config
exec "$@"
