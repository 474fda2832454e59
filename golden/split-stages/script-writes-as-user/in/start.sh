#!/bin/sh
set -e
hostname > instance
exec ./shop
