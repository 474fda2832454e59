#!/bin/sh
find /tmp -name "*.url" | xargs -n 1 curl -fsS -o /dev/null
exec ./feed
