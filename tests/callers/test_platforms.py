"""What platforms run in the image of a Dockerfile that they build."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.callers import platforms

TOP = Path("/repo")


def said(name: str, text: str, dockerfile: str = "Dockerfile") -> list[tuple[str, ...]]:
    """(kind, words…) of all that a file at the top says is run in an image."""
    found: list[tuple[str, ...]] = []
    for run in platforms.runs(TOP / name, text, TOP / dockerfile, TOP):
        for kind in ("entrypoint", "command", "healthcheck"):
            line = getattr(run, kind)
            if line is not None and line.words:
                found.append((kind, *line.words))
    return found


ACTION = "runs:\n  using: docker\n  image: Dockerfile\n"
FLY = '[build]\ndockerfile = "deploy/Dockerfile"\n[deploy]\nrelease_command = "shop migrate"\n'
HEROKU = "build:\n  docker:\n    web: Dockerfile\n    job: job/Dockerfile\n"
RENDER = "services:\n- type: web\n  runtime: docker\n  dockerCommand: shop serve\n"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("action.yml", ACTION, []),
        (
            "action.yml",
            ACTION + "  args: [-x, '${{ inputs.y }}']\n",
            [("command", "-x", "x")],
        ),
        ("action.yaml", ACTION + "  entrypoint: /a.sh\n", [("entrypoint", "/a.sh")]),
        ("action.yml", ACTION + "  post-entrypoint: /b.sh\n", [("healthcheck", "CMD", "/b.sh")]),
        ("action.yml", "runs:\n  using: docker\n  image: docker://shop\n  args: [a]\n", []),
        ("action.yml", "runs:\n  using: composite\n  steps: []\n", []),
        (
            "copilot/shop/manifest.yml",
            "image: {build: Dockerfile, healthcheck: {command: ['CMD-SHELL', 'curl x']}}\n"
            "command: serve -v\n",
            [("command", "serve", "-v"), ("healthcheck", "CMD-SHELL", "curl x")],
        ),
        (
            "copilot/shop/manifest.yml",
            "image: {build: {dockerfile: Dockerfile}, healthcheck: {command: check -v}}\n"
            "entrypoint: [sh, -c]\n",
            [("entrypoint", "sh", "-c"), ("healthcheck", "CMD", "check", "-v")],
        ),
        ("copilot/shop/manifest.yml", "image: {build: a/Dockerfile}\ncommand: x\n", []),
        (
            "devspace.dev.yaml",
            "images: {a: {image: x/a, entrypoint: [sh], cmd: [-c, x]}, b: {image: x/b, "
            "dockerfile: b/Dockerfile}}\ndev:\n  a: {imageSelector: x/a, command: [run], "
            "terminal: {enabled: true}}\n  b: {imageSelector: x/b, command: [work]}\n",
            [
                ("entrypoint", "sh"),
                ("command", "-c", "x"),
                ("entrypoint", "run"),
                ("healthcheck", "CMD", "sh"),
            ],
        ),
        ("fly.toml", "[processes]\nweb = 'shop serve'\n", [("command", "shop", "serve")]),
        ("fly.toml", "[processes\n", []),
        ("fly.toml", '[processes]\nweb = "it\'s"\n', []),
        ("fly.toml", FLY, []),  # Of another Dockerfile.
        (
            "heroku.yml",
            HEROKU + "run:\n  web: shop -p $PORT\n  job: work\n",
            [("healthcheck", "CMD-SHELL", "shop -p $PORT")],
        ),
        (
            "heroku.yml",
            HEROKU + "release:\n  image: web\n  command:\n  - shop migrate\n",
            [("healthcheck", "CMD-SHELL", "shop migrate")],
        ),
        ("heroku.yml", "run: []\n", []),
        ("render.yaml", RENDER, [("healthcheck", "CMD-SHELL", "shop serve")]),
        ("render.yaml", RENDER.replace("docker\n", "go\n"), []),
        (
            ".devcontainer.json",
            '{"dockerFile": "Dockerfile", // here\n}',
            [("healthcheck", "CMD-SHELL", "go version")],
        ),
        (
            ".devcontainer.json",
            '{"build": {"dockerfile": "Dockerfile", "target": "dev"}}',
            [("healthcheck", "CMD-SHELL", "go version")],
        ),
        (".devcontainer.json", '{"image": "golang"}', []),
        ("fly.test.toml", "[processes]\nweb = 'shop serve'\n", [("command", "shop", "serve")]),
        ("railway.toml", "[deploy]\nstartCommand = 'shop -x'\n", [("entrypoint", "shop", "-x")]),
        (
            "railway.json",
            '{"deploy": {"preDeployCommand": ["shop migrate"]}}',
            [("healthcheck", "CMD-SHELL", "shop migrate")],
        ),
        ("railway.json", '{"build": {"dockerfilePath": "x"}, "deploy": {"startCommand": "a"}}', []),
        *(("railway.json", text, []) for text in ("{", "[]", '{"deploy": 1}')),
        ("railway.toml", '[deploy]\nstartCommand = "it\'s"\n', []),
        (
            ".do/app.yaml",
            "services:\n- dockerfile_path: Dockerfile\n  run_command: shop -x\n",
            [("healthcheck", "CMD-SHELL", "shop -x")],
        ),
        (".do/app.yaml", "services:\n- run_command: shop -x\n", []),
        (".do/app.yaml", "services:\n- dockerfile_path: a/Dockerfile\n  run_command: x\n", []),
    ],
)
def test_what_is_run(name: str, text: str, expected: list[tuple[str, ...]]) -> None:
    assert said(name, text) == expected


def test_paths_are_relative_to_the_file() -> None:
    assert said("fly.toml", FLY, "deploy/Dockerfile") == [("command", "shop", "migrate")]
    text = '{"build": {"dockerfile": "../Dockerfile"}}'
    assert said(".devcontainer/devcontainer.json", text)


def test_evidence_is_the_line() -> None:
    (run,) = platforms.runs(TOP / "fly.toml", FLY, TOP / "deploy/Dockerfile", TOP)
    assert run.evidence.text == 'release_command = "shop migrate"'
    assert (run.evidence.path, run.evidence.line) == ("fly.toml", 4)
