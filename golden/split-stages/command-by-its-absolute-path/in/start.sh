#!/usr/bin/bash
/usr/bin/sleep 1
exec ./shop
