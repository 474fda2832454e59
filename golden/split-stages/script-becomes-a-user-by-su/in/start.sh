#!/bin/sh
mkdir -p /run/desk
chown clerk /run/desk
exec su clerk -c "exec /app/desk"
