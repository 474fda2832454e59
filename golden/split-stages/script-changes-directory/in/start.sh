#!/bin/sh
cd /app/site
exec shop
