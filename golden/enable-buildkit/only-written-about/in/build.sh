#!/bin/sh
# docker build -t shop .
echo "run docker build -t shop ."
