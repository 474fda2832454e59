"""Builds the image."""

import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).parent.parent

subprocess.run(
    ["docker", "build", "-t", "shop", "."],
    cwd=TOP,
    check=True,
    env={**os.environ, "DOCKER_BUILDKIT": "1"},
)
