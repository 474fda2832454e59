"""Building, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gorewrite.evidence import Unknown
from gorewrite.verify.edits import Edit
from gorewrite.verify.engines import Engine
from gorewrite.verify.measure import Builder, BuildError, _sent, _tail, base_images
from gorewrite.verify.processes import Done, Processes
from gorewrite.verify.workarea import Copy
from tests.repositories import facts_of
from tests.verify.tools import NAIVE, Fake, tree

Make = Callable[..., Builder]
NONE = Unknown("none")


def done(text: str) -> Done:
    return Done(0, text.encode(), b"", 1.0)


# --- what a log says -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log", "sent"),
    [
        ("#3 transferring context: 112B done", 112),
        ("#3 transferring context: 2.25MB 0.1s done", 2_250_000),
        (
            "#3 transferring context: 999.9kB 0.0s\n#3 transferring context: 1.234GB 9.8s done",
            1234e6,
        ),
        # The ignore file is sent ahead, and goes by the same name.
        ("#2 transferring context: 2B done\n#3 transferring context: 30.5kB done", 30_500),
        ("#2 transferring context: 2B done", 2),
        ("#1 transferring dockerfile: 213B done", None),
        ("STEP 1/3: FROM golang", None),
        ("", None),
    ],
)
def test_context_sent(log: str, sent: int | None) -> None:
    assert _sent(done(log)) == sent


def test_tail_of_a_log() -> None:
    log = (
        "#1 [internal] load build definition\n#1 sha256:e18100ff\n#1 transferring dockerfile: 2B\n"
        "#1 DONE 0.0s\n\n#4 CACHED\n#5 [2/2] RUN go build\n#5 0.312 main.go:3:1: wrong  \n"
        "#5 ERROR: exit code: 1\n------\n"
    )
    expected = ["#5 [2/2] RUN go build", "#5 0.312 main.go:3:1: wrong", "#5 ERROR: exit code: 1"]
    assert _tail(done(log)).splitlines() == [log.splitlines()[0], *expected, "------"]
    assert _tail(done(log), 2) == "#5 ERROR: exit code: 1\n------"
    assert _tail(done("\r\n" * 9)) == ""


# --- base images -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("FROM golang:1.24\n", ["golang:1.24"]),
        ("FROM --platform=$BUILDPLATFORM golang:1.24 AS b\nFROM scratch\n", ["golang:1.24"]),
        ("ARG V=1.24\nFROM golang:$V AS b\nFROM b\nFROM b\n", ["golang:1.24"]),
        ("FROM golang\nCOPY --from=alpine:3 /a /a\nCOPY --from=0 /a /b\n", ["golang", "alpine:3"]),
        ("FROM golang AS b\nFROM scratch\nCOPY --from=b /a /a\nCOPY --from=B /a /b\n", ["golang"]),
        ("FROM golang\nCOPY --from=$X /a /a\n", ["golang"]),
        ("FROM golang\nFROM golang\n", ["golang"]),
        ("FROM scratch\n", []),
        ("ARG B\nFROM $B\n", []),
    ],
)
def test_base_images(tmp_path: Path, text: str, images: list[str]) -> None:
    assert base_images(facts_of(tmp_path, text)) == images


# --- builds ----------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    context = tmp_path / "temporary/before/context"
    context.mkdir(parents=True)
    (context / "Dockerfile").write_text(NAIVE)
    (context / "main.go").write_text("package main\n")
    (context / "go.mod").write_text("module m\n")
    return Copy(context, context / "Dockerfile")


@pytest.fixture
def make(fake: Fake, processes: Processes) -> Make:
    def builder(engine: Engine | None = None, **settings: Any) -> Builder:
        options = {"options": (), "timeout": 30.0, "say": lambda _: None, **settings}
        return Builder(engine or fake.engine, processes, "service", **options)

    return builder


def test_four_builds(fake: Fake, make: Make, copy: Copy) -> None:
    said: list[str] = []
    before = tree(copy.context)
    edits = Edit("main.go", b"// gorewrite verify 1\n"), Edit("go.mod", b"// gorewrite verify 2\n")
    times = make(say=said.append).measure(copy, "before", *edits)
    assert None not in times[:5]
    assert (times.sent, times.problems) == (2_250_000, ())
    assert said == [
        "before: cold build",
        "before: rebuild, nothing changed",
        "before-edited: rebuild after an edit of main.go",
        "before-edited: rebuild after an edit of go.mod",
    ]
    assert ["--no-cache" in call for call in fake.calls] == [True, False, False, False]
    assert [(build["tag"], build["edited"]) for build in fake.builds] == [
        ("before", []),
        ("before", []),
        ("before-edited", ["main.go:// gorewrite verify 1"]),
        ("before-edited", ["go.mod:// gorewrite verify 2"]),
    ]
    # All is as it was, but for the times of what was edited.
    after = tree(copy.context)
    assert {path: (mode, data) for path, (mode, _, data) in after.items()} == {
        path: (mode, data) for path, (mode, _, data) in before.items()
    }


def test_what_cannot_be_edited_is_not_measured(fake: Fake, make: Make, copy: Copy) -> None:
    times = make().measure(copy, "before", Unknown("no main"), Unknown("no go.mod"))
    assert (times.source, times.dependency) == (None, None)
    assert times.problems == ("no main", "no go.mod")
    assert len(fake.builds) == 2


def test_rebuild_that_fails(fake: Fake, make: Make, copy: Copy) -> None:
    """The file is put back."""
    fake.set("before-edited", build_error="go.sum is out of date")
    times = make().measure(copy, "before", NONE, Edit("go.mod", b"x"))
    assert times.problems == ("none", "rebuild after an edit of go.mod: the build failed")
    assert (copy.context / "go.mod").read_text() == "module m\n"


def test_build_that_fails(fake: Fake, make: Make, copy: Copy) -> None:
    fake.set("before", build_error='process "go build" did not complete: exit code: 1')
    with pytest.raises(BuildError, match=r"^the build failed$") as error:
        make().once(copy, "before")
    last = 'failed to solve: process "go build" did not complete: exit code: 1'
    assert error.value.log.splitlines()[-1] == last
    assert "transferring" not in error.value.log
    assert fake.left == []


def test_build_that_takes_too_long(fake: Fake, make: Make, copy: Copy) -> None:
    others = set(fake.processes)
    fake.set("before", delay=30)
    with pytest.raises(BuildError, match=r"^the build took longer than 1 s$") as error:
        make(timeout=0.6).once(copy, "before")
    assert error.value.log.splitlines()[-1] == "#4 [1/2] COPY . ."
    assert fake.only(others)


def test_options_of_the_user_are_passed(fake: Fake, make: Make, copy: Copy) -> None:
    make(options=["--build-arg=A=1", "--network=host"]).once(copy, "before")
    (call,) = fake.calls
    assert {"--build-arg=A=1", "--network=host"} <= set(call)


def test_cache_mounts_are_apart(fake: Fake, make: Make, copy: Copy, tmp_path: Path) -> None:
    """Of this run, and of this side."""
    make().once(copy, "before")
    assert "BUILDKIT_CACHE_MOUNT_NS=service-before" in fake.calls[0]
    docker = Engine("docker", str(fake.program), "", {"DOCKER_BUILDKIT": "1"})
    fake.scenario["client"] = "20.10.24"
    fake.save()
    make(docker).once(copy, "before")
    assert fake.builds[-1]["buildkit"] == "1"
    assert "BUILDKIT_CACHE_MOUNT_NS=service-before" in fake.calls[-1]


def test_podman_keeps_its_cache_mounts_in_the_directory(fake: Fake, make: Make, copy: Copy) -> None:
    fake.answers('echo "$TMPDIR" "$@"')
    done = make(Engine("podman", str(fake.program), "")).build(copy, "before", "build")
    temporary, *words = done.text.split()
    assert temporary == str(copy.context.parent / "tmp")
    assert Path(temporary).is_dir()
    assert "--progress" not in words


def test_base_images_are_fetched_before(fake: Fake, make: Make, tmp_path: Path) -> None:
    builder = make(options=["--network=host", "--target=x", "--secret=id=x"])
    directory = tmp_path / "bases"
    builder.prepare(directory, ["golang:1.24", "alpine"], "docker/dockerfile:1")
    (build,) = fake.builds
    assert build["dockerfile"].splitlines()[0] == "# syntax=docker/dockerfile:1"
    froms = [line for line in build["dockerfile"].splitlines() if line.startswith("FROM")]
    assert froms == ["FROM golang:1.24 AS b0", "FROM alpine AS b1", "FROM scratch"]
    words = fake.calls[0]
    assert "--network=host" in words
    assert not {"--target=x", "--secret=id=x", "--no-cache"} & set(words)


def test_base_image_that_cannot_be_fetched_is_no_failure(
    fake: Fake, make: Make, tmp_path: Path
) -> None:
    fake.set("bases", build_error="pull access denied")
    make().prepare(tmp_path / "bases", ["golang:1.24"], None)
    make().prepare(tmp_path / "none", [], None)
    assert len(fake.builds) == 1
