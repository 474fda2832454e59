"""enable-buildkit: which callers it asks, what it refuses, and what cache-mounts makes of that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gorewrite.buildkit.model import applied
from gorewrite.buildkit.switching import docker_version
from gorewrite.callers import index
from gorewrite.config import Config
from gorewrite.project import Workspace
from gorewrite.transform import Safety, SpanEdit
from tests.repositories import SHOP, repository
from tests.transforms.tools import planned, transform

NAME = "enable-buildkit"
PLAIN = 'FROM golang:1.22\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\nCMD ["/app/shop"]\n'
MOUNTED = PLAIN.replace("go build", "--mount=type=cache,target=/root/.cache/go-build go build")
MAKEFILE = "image:\n\tdocker build -t shop .\n"


def texts(dockerfile: str, files: dict[str, str], *, review: bool = False) -> dict[str, str]:
    """The callers' files that a plan changes, after its edits."""
    plan = planned(dockerfile, {**SHOP, **files}, NAME, review=review)
    found = dict(files)
    for span in sorted(plan.spans, key=lambda span: span.start, reverse=True):
        data = found[span.path].encode()
        assert data[span.start : span.end] == span.old
        found[span.path] = (data[: span.start] + span.new + data[span.end :]).decode()
    return {path: text for path, text in found.items() if text != files[path]}


def refusals(dockerfile: str, files: dict[str, str]) -> list[tuple[str, str]]:
    """(code, message) of what is refused; nothing is edited then."""
    plan = planned(dockerfile, {**SHOP, **files}, NAME, review=True)
    assert plan.spans == ()
    return [(refused.code, refused.message) for refused in plan.refusals]


def test_the_message_names_the_place() -> None:
    plan = planned(MOUNTED, {**SHOP, "Makefile": MAKEFILE}, NAME)
    (change,) = plan.changes
    assert change.message == "set DOCKER_BUILDKIT=1 for `docker build` in Makefile:2"
    assert [str(evidence) for evidence in change.because] == [
        "Makefile:2: docker build -t shop .",
        "Dockerfile:4: RUN --mount=type=cache,target=/root/.cache/go-build go build -o shop .",
    ]
    assert plan.new == plan.old
    assert plan.changed


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"README.md": "docker build ."},
        {"Makefile": MAKEFILE.replace("docker", "podman")},
        {"Makefile": MAKEFILE.replace("build", "buildx build")},
        {"Makefile": MAKEFILE.replace(" .", " other")},
        {"Makefile": "export DOCKER_BUILDKIT ?= 1\n" + MAKEFILE},
        {"compose.yaml": "services:\n  shop:\n    build: .\n"},
        {"docker-compose.yml": "version: '3'\nservices:\n  shop:\n    build: .\n"},
        {".env": "DOCKER_BUILDKIT=\n"},
        {"Tiltfile": "docker_build('shop', '.')\n"},
    ],
)
def test_nothing_to_do(files: dict[str, str]) -> None:
    plan = planned(MOUNTED, {**SHOP, **files}, NAME, review=True)
    assert (plan.changes, plan.refusals, plan.spans) == ((), (), ())


def test_nothing_to_do_for_a_dockerfile_that_any_builder_builds() -> None:
    plan = planned(PLAIN, {**SHOP, "Makefile": MAKEFILE}, NAME, review=True)
    assert (plan.changes, plan.refusals) == ((), ())


@pytest.mark.parametrize(
    ("files", "code", "message"),
    [
        (
            {"Makefile": "DOCKER_BUILDKIT ?= 0\nexport DOCKER_BUILDKIT\n" + MAKEFILE},
            "buildkit-off",
            "BuildKit is switched off for `docker build` in Makefile:4",
        ),
        (
            {"build.sh": "#!/bin/sh\nDOCKER_BUILDKIT=0 docker build .\n"},
            "buildkit-off",
            "BuildKit is switched off for `docker build` in build.sh:2",
        ),
        (
            {"build.py": "import docker\ndocker.from_env().images.build(path='.')\n"},
            "builder-never",
            "`docker-py` in build.py:2 cannot: its API is the classic builder; "
            "use python-on-whales or the docker command line",
        ),
        (
            {"package.json": '{"scripts": {"image": "docker build ."}}\n'},
            "caller-not-editable",
            "set DOCKER_BUILDKIT=1 for `docker build` in package.json:1 by hand: "
            "npm gives it to the shell of Windows, too",
        ),
        (
            {".gitlab-ci.yml": "a:\n  image: docker:18.06\n  script: docker build .\n"},
            "docker-too-old",
            "the Docker of `docker build` in .gitlab-ci.yml:3 has no BuildKit; 23 or newer has it",
        ),
    ],
)
def test_refusals(files: dict[str, str], code: str, message: str) -> None:
    assert refusals(MOUNTED, files) == [(code, message)]


def test_what_is_refused_is_said_where_mounts_would_be_wanted() -> None:
    off = {"build.sh": "#!/bin/sh\nDOCKER_BUILDKIT=0 docker build .\n"}
    assert [code for code, _ in refusals(PLAIN, off)] == ["buildkit-off"]
    assert refusals('FROM alpine:3.22\nCMD ["sh"]\n', off) == []


def test_one_caller_that_cannot_does_not_keep_the_others_from_it() -> None:
    files = {
        "Makefile": MAKEFILE,
        "build.py": "import docker\ndocker.from_env().images.build(path='.')\n",
    }
    assert texts(MOUNTED, files) == {
        "Makefile": "image:\n\tDOCKER_BUILDKIT=1 docker build -t shop .\n"
    }


def test_what_a_script_builds_is_not_plain() -> None:
    files = {"build.sh": '#!/bin/sh\nset -e\ndocker build -t shop "$1"\n'}
    assert texts(MOUNTED, files) == {}
    assert texts(MOUNTED, files, review=True) == {
        "build.sh": files["build.sh"].replace("docker", "DOCKER_BUILDKIT=1 docker")
    }


COMPOSE = {"docker-compose.yml": "services:\n  shop:\n    build: .\n"}


@pytest.mark.parametrize("command", ["docker-compose build", "docker-compose up -d --build shop"])
def test_compose_v1_is_told_to_call_docker(command: str) -> None:
    files = {**COMPOSE, "Makefile": f"up:\n\t@{command}\n"}
    setting = "COMPOSE_DOCKER_CLI_BUILD=1 DOCKER_BUILDKIT=1"
    assert texts(MOUNTED, files) == {"Makefile": f"up:\n\t@{setting} {command}\n"}


@pytest.mark.parametrize(
    "command",
    [
        "docker compose up --build",
        "docker-compose up",
        "docker-compose build database",
        "COMPOSE_DOCKER_CLI_BUILD=1 DOCKER_BUILDKIT=1 docker-compose build",
    ],
)
def test_compose_that_builds_with_buildkit_or_something_else(command: str) -> None:
    assert texts(MOUNTED, {**COMPOSE, "Makefile": f"up:\n\t{command}\n"}) == {}


def test_edits_do_not_depend_on_who_asks() -> None:
    """The plans of two Dockerfiles that one file builds ask for the same edit."""
    files = {
        **SHOP,
        "Makefile": "a:\n\tdocker build -f Dockerfile .\nb:\n\tdocker build -f b.Dockerfile .\n",
        "Dockerfile": MOUNTED,
        "b.Dockerfile": MOUNTED,
    }
    first, second = (
        planned(MOUNTED, files, NAME, path=path).spans for path in ("Dockerfile", "b.Dockerfile")
    )
    assert first == second
    assert len(first) == 1


def test_a_file_is_read_as_often_for_many_dockerfiles_as_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"svc{n}" for n in range(8)]
    script = "#!/bin/sh\nset -e\n" + "".join(f"docker build {name}\n" for name in names)
    files = {f"{name}/{path}": text for name in names for path, text in SHOP.items()}
    files |= {f"{name}/Dockerfile": MOUNTED for name in names}
    top = repository(tmp_path, {**files, "build.sh": script})
    workspace = Workspace((transform(NAME),), Safety.SAFE)
    reads = []
    read = index.read
    monkeypatch.setattr(index, "read", lambda source: reads.append(source) or read(source))
    for name in names:
        result = workspace.rewrite(top / name / "Dockerfile", name, Config())
        assert len(result.plan.spans) == 1
    # As it is; with all single edits; with one for all.
    assert len(reads) == 3


def test_edits_are_told_as_places_of_the_file_as_it_was(tmp_path: Path) -> None:
    """The edits for one Dockerfile may be written when the next one is planned."""
    job = "{0}:\n  image: docker:20.10\n  script: docker build {0}\n\n"
    names = ["cart", "mail", "shop"]
    text = "".join(job.format(name) for name in names)
    files = {f"{name}/{path}": body for name in names for path, body in SHOP.items()}
    files |= {f"{name}/Dockerfile": MOUNTED for name in names}
    top = repository(tmp_path, {**files, ".gitlab-ci.yml": text})
    workspace = Workspace((transform(NAME),), Safety.SAFE)
    spans: set[SpanEdit] = set()
    for name in names:
        result = workspace.rewrite(top / name / "Dockerfile", name, Config())
        assert len(result.plan.spans) == 1
        spans |= {*result.plan.spans}
        (top / ".gitlab-ci.yml").write_bytes(applied(text.encode(), spans))
    expected = text.replace("docker build", "DOCKER_BUILDKIT=1 docker build")
    assert (top / ".gitlab-ci.yml").read_text() == expected


def test_a_stage_that_another_call_builds_is_not_left_out() -> None:
    dockerfile = "FROM golang:1.22 AS test\nRUN go version\n" + MOUNTED
    files = {"Makefile": MAKEFILE}
    assert texts(dockerfile, files) == {}
    both = {"Makefile": MAKEFILE + "test:\n\tdocker build --target test .\n"}
    assert texts(dockerfile, both) == {
        "Makefile": f"export DOCKER_BUILDKIT = 1\n\n{both['Makefile']}"
    }


def test_an_edit_names_what_it_stands_in_front_of() -> None:
    """So that it is not made in a file that became another one."""
    plan = planned(MOUNTED, {**SHOP, "Makefile": MAKEFILE}, NAME)
    assert [(span.old, span.new) for span in plan.spans] == [
        (b"docker", b"DOCKER_BUILDKIT=1 docker")
    ]


def test_an_action_that_is_used_where_buildkit_is_certain() -> None:
    action = "runs:\n  using: composite\n  steps:\n    - run: docker build .\n      shell: bash\n"
    workflow = (
        "jobs:\n  build:\n    runs-on: {}\n    steps:\n      - uses: docker/login-action@v3\n"
        "      - uses: ./.github/actions/image\n"
    )
    path = ".github/actions/image/action.yml"
    for machine, edited in (("ubuntu-24.04", False), ("self-hosted", True)):
        files = {path: action, ".github/workflows/a.yml": workflow.format(machine)}
        assert (path in texts(MOUNTED, files)) is edited


OLD = {".gitlab-ci.yml": "a:\n  image: docker:20.10\n  script: docker build .\n"}


@pytest.mark.parametrize(
    ("files", "config", "mounted"),
    [
        (OLD, Config(), True),
        (OLD, Config(ignore=(NAME,)), False),
        (OLD, Config(select=("cache-mounts",)), False),
        (OLD, Config(select=("cache-mounts", NAME)), True),
        ({".gitlab-ci.yml": OLD[".gitlab-ci.yml"].replace("20.10", "19.03")}, Config(), False),
        # What nobody knows to be old is taken for new, as the callers of a repository say little.
        ({"Makefile": MAKEFILE}, Config(ignore=(NAME,)), True),
        ({"build.sh": "#!/bin/sh\nDOCKER_BUILDKIT=0 docker build .\n"}, Config(), False),
        # A switch that a person should look at is no ground to write mounts without one.
        ({".gitlab-ci.yml": OLD[".gitlab-ci.yml"].replace(" .", " . | tail -1")}, Config(), False),
    ],
)
def test_cache_mounts_where_every_caller_has_or_gets_buildkit(
    files: dict[str, str], config: Config, mounted: bool
) -> None:
    plan = planned(PLAIN, {**SHOP, **files}, "cache-mounts", config=config)
    assert (b"--mount=type=cache" in plan.new) is mounted


def test_no_cache_mounts_where_a_comment_keeps_the_callers_as_they_are() -> None:
    dockerfile = f"FROM golang:1.22\n# gorewrite: ignore[{NAME}]\n{PLAIN.partition(chr(10))[2]}"
    plan = planned(dockerfile, {**SHOP, **OLD}, "cache-mounts")
    assert [refused.code for refused in plan.refusals] == ["builder-cannot-mount"]


def test_cache_mounts_are_offered_where_the_switch_is() -> None:
    files = {".gitlab-ci.yml": OLD[".gitlab-ci.yml"].replace(" .", " . | tail -1")}
    plan = planned(PLAIN, {**SHOP, **files}, "cache-mounts", config=replace(Config(), review=True))
    assert b"--mount=type=cache" in plan.new


@pytest.mark.parametrize(("release", "mounted"), [("20.10", True), ("19.03", False)])
def test_mounts_for_apt_ask_the_same(release: str, mounted: bool) -> None:
    dockerfile = 'FROM golang:1.22\nRUN apt-get update && apt-get install -y git\nCMD ["git"]\n'
    files = {".gitlab-ci.yml": OLD[".gitlab-ci.yml"].replace("20.10", release)}
    plan = planned(dockerfile, files, "cache-mounts", config=Config(apt_cache_mounts=True))
    assert (b"target=/var/cache/apt" in plan.new) is mounted
    assert ("builder-cannot-mount" in {each.code for each in plan.refusals}) is not mounted


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("image: docker:19.03-dind", (19, 3)),
        ("- docker:20.10.24-dind", (20, 10)),
        ("image: registry.example.com/library/docker:18.09", (18, 9)),
        ("image: docker:18", (18, 99)),
        ("version: 20.10.14", (20, 10)),
        ('version: "19.03.13"', (19, 3)),
        ("version: docker20", (20, 99)),
        ("name: 'gcr.io/cloud-builders/docker'", (20, 10)),
        ("image: docker:stable", (19, 3)),
        ("image: ubuntu-1604:201903-01", None),
    ],
)
def test_docker_version(text: str, version: tuple[int, int] | None) -> None:
    assert docker_version(text) == version
