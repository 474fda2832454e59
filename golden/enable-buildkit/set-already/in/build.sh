#!/bin/sh
DOCKER_BUILDKIT=1 docker build -t shop .
