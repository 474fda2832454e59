#!/usr/bin/env python3
"""Builds a service before and after gorewrite and prints size and rebuild times.

Usage: before_after.py DIRECTORY... [--build-option OPTION]...

Needs a Docker Engine with BuildKit (DOCKER_HOST is heeded). DIRECTORY holds a Dockerfile and
is its build context. Times are wall clock of one run each: compare them with each other only.
`rebuild after a source edit` appends a comment to the first Go file of package main;
`after a dependency edit` appends a comment to go.mod.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ENVIRONMENT = {**os.environ, "DOCKER_BUILDKIT": "1"}


def run(*command: str) -> str:
    """The standard output of a command; raises CalledProcessError with its errors shown."""
    return subprocess.run(
        command, check=True, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


def build(directory: Path, tag: str, options: list[str]) -> float:
    """Builds an image quietly; returns the seconds it took."""
    start = time.monotonic()
    run("docker", "build", "--quiet", *options, "--tag", tag, str(directory))
    return time.monotonic() - start


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def measure(directory: Path, tag: str, options: list[str]) -> dict[str, float]:
    """Size in MB (10^6 bytes) and rebuild times in seconds."""
    build(directory, tag, options)
    size = int(run("docker", "image", "inspect", "--format", "{{.Size}}", tag))
    sources = sorted(directory.rglob("*.go"))
    main = next(path for path in sources if "package main" in path.read_text())
    append(main, f"\n// {time.time_ns()}\n")
    source = build(directory, tag, options)
    append(directory / "go.mod", f"\n// {time.time_ns()}\n")
    dependency = build(directory, tag, options)
    return {"size": size / 1e6, "source": source, "dependency": dependency}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("directories", nargs="+", type=Path)
    parser.add_argument("--build-option", action="append", default=[])
    arguments = parser.parse_args()
    print(f"{'service':<12} {'':<7} {'size MB':>8} {'source edit s':>14} {'go.mod edit s':>14}")
    for directory in arguments.directories:
        with tempfile.TemporaryDirectory() as top:
            copy = Path(top) / directory.resolve().name
            shutil.copytree(directory, copy)
            tag = f"gorewrite-benchmark-{copy.name}"
            rows = {"before": measure(copy, f"{tag}-before", arguments.build_option)}
            shutil.rmtree(copy)
            shutil.copytree(directory, copy)
            run("gorewrite", "--quiet", "--context", str(copy), str(copy / "Dockerfile"))
            rows["after"] = measure(copy, f"{tag}-after", arguments.build_option)
            for name, row in rows.items():
                print(
                    f"{copy.name:<12} {name:<7} {row['size']:>8.1f} {row['source']:>14.1f} "
                    f"{row['dependency']:>14.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
