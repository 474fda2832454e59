"""Builds the image."""

import pathlib
import subprocess

TOP = pathlib.Path(__file__).parent.parent

subprocess.run(
    ["docker", "build", "-t", "shop", "."],
    cwd=TOP,
    check=True,
)
