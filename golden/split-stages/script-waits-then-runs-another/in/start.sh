#!/bin/sh
psql "$DATABASE" -f schema.sql
exec ./shop "$@"
