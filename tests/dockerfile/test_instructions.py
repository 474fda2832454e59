"""Typed readings and stages."""

from __future__ import annotations

import pytest

from gorewrite.dockerfile import (
    Instruction,
    command_of,
    copy_parts,
    find_stage,
    from_parts,
    global_args,
    pairs,
    parse,
    stages,
)


def _only(text: str) -> Instruction:
    (instruction,) = parse(text + "\n").instructions
    return instruction


def test_from() -> None:
    parts = from_parts(_only("FROM --platform=$BUILDPLATFORM golang:1 As Build"))
    assert (parts.image.text, parts.platform) == ("golang:1", "$BUILDPLATFORM")
    assert (parts.name, parts.as_keyword) == ("build", "As")


@pytest.mark.parametrize("text", ["FROM a", "FROM a b c", "FROM a AS", "FROM a AS b c"])
def test_from_without_a_name(text: str) -> None:
    parts = from_parts(_only(text))
    assert (parts.image.text, parts.name, parts.as_keyword) == ("a", None, None)


def test_from_without_an_image() -> None:
    assert from_parts(_only("FROM")).image.text == ""


def test_copy() -> None:
    parts = copy_parts(
        _only("COPY --from=b --chown=1:1 --chmod=755 --link --exclude=a --exclude=b x $Y /z/")
    )
    assert (parts.sources, parts.dest) == (("x", "$Y"), "/z/")
    assert (parts.from_, parts.chown, parts.chmod) == ("b", "1:1", "755")
    assert (parts.exclude, parts.link, parts.parents) == (("a", "b"), True, False)
    assert not parts.heredocs_as_sources


def test_copy_json_and_switches() -> None:
    parts = copy_parts(_only('COPY --parents=TRUE --link=false ["a b", "/c"]'))
    assert (parts.sources, parts.dest) == (("a b",), "/c")
    assert (parts.parents, parts.link) == (True, False)


def test_add() -> None:
    parts = copy_parts(_only("ADD --checksum=sha256:a --keep-git-dir --unpack=false x y"))
    assert (parts.checksum, parts.keep_git_dir, parts.unpack) == ("sha256:a", True, False)
    assert copy_parts(_only("ADD x y")).unpack is None


def test_copy_of_heredocs() -> None:
    parts = copy_parts(_only("COPY a <<E /x\ny\nE"))
    assert (parts.sources, parts.dest, parts.heredocs_as_sources) == (("a",), "/x", True)
    assert copy_parts(_only("COPY <<'a b /x")).sources == ("<<'a", "b")


@pytest.mark.parametrize("text", ["COPY", "COPY a"])
def test_copy_without_a_destination(text: str) -> None:
    parts = copy_parts(_only(text))
    assert (parts.sources, parts.dest) == ((), "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ENV a=b c='d e'", (("a", "b"), ("c", "'d e'"))),
        ("ENV a b  c", (("a", "b  c"),)),
        ('LABEL a.b="c"', (("a.b", '"c"'),)),
        ("ARG a b= c=d", (("a", None), ("b", ""), ("c", "d"))),
        ("ENV", ()),
    ],
)
def test_pairs(text: str, expected: tuple[tuple[str, str | None], ...]) -> None:
    assert pairs(_only(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CMD a b", "a b"),
        ('CMD ["a"]', ("a",)),
        ("RUN --network=none a", "a"),
        ("HEALTHCHECK CMD a b", "a b"),
        ('HEALTHCHECK cmd ["a"]', ("a",)),
        ("HEALTHCHECK NONE", ()),
        ("ENTRYPOINT", ""),
    ],
)
def test_command(text: str, expected: tuple[str, ...] | str) -> None:
    assert command_of(_only(text)) == expected


@pytest.mark.parametrize("reading", [from_parts, copy_parts, pairs, command_of])
def test_another_instruction(reading: object) -> None:
    assert callable(reading)
    with pytest.raises(ValueError, match="EXPOSE is not"):
        reading(_only("EXPOSE 80"))


_STAGES = """\
# c
ARG V=1
ARG W
FROM a AS Build
RUN b
# about the next
FROM c
ARG V
FROM d AS build
COPY --from=BUILD x y
"""


def test_stages() -> None:
    dockerfile = parse(_STAGES)
    first, second, third = stages(dockerfile)
    assert [stage.index for stage in (first, second, third)] == [0, 1, 2]
    assert [stage.name for stage in (first, second, third)] == ["build", None, "build"]
    assert [i.keyword for i in first.instructions] == ["RUN"]
    assert [node.source for node in first.nodes] == [
        "FROM a AS Build\n",
        "RUN b\n",
        "# about the next\n",
    ]
    assert first.from_ is first.nodes[0]
    assert len(third.nodes) == 2


def test_find_stage() -> None:
    found = stages(parse(_STAGES))
    assert find_stage(found, "BUILD", 2) is found[0]
    assert find_stage(found, "build", 3) is found[2]
    assert find_stage(found, "1", 2) is found[1]
    assert find_stage(found, "2", 2) is None
    assert find_stage(found, "alpine", 3) is None
    assert find_stage(found, "build", 0) is None


def test_global_args() -> None:
    assert [pairs(arg)[0][0] for arg in global_args(parse(_STAGES))] == ["V", "W"]
    assert len(global_args(parse("ARG A\nRUN b\nARG C\n"))) == 2


def test_no_stage() -> None:
    assert stages(parse("ARG A\nRUN b\n")) == ()
