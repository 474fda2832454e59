"""Which differences between two images are held against a rewrite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gorewrite.contract import contract
from gorewrite.verify.compare import (
    _FOLLOWED,
    DECLARED,
    Difference,
    Sides,
    compare_configs,
    compare_files,
    runtime_paths,
)
from gorewrite.verify.images import BuiltImage, FileEntry, ImageError, Images
from tests.repositories import SHOP, facts_of

GOLANG = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\n"
SPLIT = (
    "FROM golang:1.24 AS builder\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\n"
    "FROM gcr.io/distroless/static-debian13\nWORKDIR /app\n"
    "COPY --from=builder /app/shop /app/shop\n"
)
CMD = 'CMD ["./shop"]\n'
GO_PATH = "/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: A value of each field of a configuration, and another one.
CONFIG: Mapping[str, tuple[str, Any, Any]] = {
    "Entrypoint": ("entrypoint", ["/a"], ["/b"]),
    "Cmd": ("cmd", ["/a"], ["/bin/sh", "-c", "/a"]),
    "WorkingDir": ("workdir", "/app", "/web"),
    "User": ("user", "app", "65532"),
    "ExposedPorts": ("ports", {"80/tcp": {}}, {"80/tcp": {}, "81/udp": {}}),
    "Volumes": ("volumes", {"/data": {}}, {"/var": {}}),
    "StopSignal": ("stopsignal", "SIGINT", "SIGTERM"),
    "Healthcheck": ("healthcheck", {"Test": ["CMD", "/x"]}, {"Test": ["NONE"]}),
    "OnBuild": ("onbuild", ["RUN x"], ["RUN y"]),
}


def sides(
    top: Path, before: str = GOLANG + CMD, after: str = SPLIT + CMD, declared: Iterable[str] = ()
) -> Sides:
    stages = [facts_of(top / n, text).final for n, text in (("b", before), ("a", after))]
    return Sides(stages[0], stages[1], frozenset(declared))


def image(platform: str = "linux/amd64", **config: Any) -> BuiltImage:
    return BuiltImage("name", 1, (1,), config, platform)


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], found: Sides
) -> list[Difference]:
    return list(compare_configs(image(**before), image(**after), found))


@pytest.fixture
def same(tmp_path: Path) -> Sides:
    """Sides with one base image, that declare nothing."""
    return sides(tmp_path, GOLANG + CMD, GOLANG + CMD)


@pytest.fixture
def split(tmp_path: Path) -> Sides:
    """Sides with two base images, that declare nothing."""
    return sides(tmp_path)


# --- configuration ---------------------------------------------------------------------


@pytest.mark.parametrize("key", CONFIG)
def test_field_that_differs(split: Sides, key: str) -> None:
    """However it differs, and whatever the base images are."""
    name, first, second = CONFIG[key]
    for before, after in ((first, second), (first, None), (None, second)):
        found = differences({key: before}, {key: after}, split)
        assert [(each.what, each.expected) for each in found] == [(name, "")]
    (found_one,) = differences({key: first}, {}, split)
    assert found_one.after in ("none", "/", "0", "[]")


@pytest.mark.parametrize("key", CONFIG)
def test_field_that_is_the_same(split: Sides, key: str) -> None:
    _, first, _ = CONFIG[key]
    assert differences({key: first}, {key: first}, split) == []


@pytest.mark.parametrize("key", CONFIG)
def test_field_that_the_patch_declares(tmp_path: Path, key: str) -> None:
    name, first, second = CONFIG[key]
    found = differences({key: first}, {key: second}, sides(tmp_path, declared=[name]))
    assert [(each.what, each.expected) for each in found] == [(name, DECLARED)]
    # The others are not declared with it.
    other, before, after = CONFIG["Cmd" if key != "Cmd" else "User"]
    found = differences({other.title(): before}, {other.title(): after}, sides(tmp_path))
    assert [each.expected for each in found] == [""]


def test_every_field_of_the_contract_is_compared(split: Sides) -> None:
    compared = {name for name, _, _ in CONFIG.values()} | {"labels", "env", "program"}
    assert set(contract(split.before)._fields) == compared


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        *(("User", a, b) for a in ("", None, "root") for b in ("0", "0:0", "root:root")),
        ("WorkingDir", "", "/"),
        ("WorkingDir", "/app/", "/app"),
        ("ExposedPorts", {"80/tcp": {}}, {"80": {}}),
        ("ExposedPorts", None, {}),
        ("Volumes", {}, None),
        ("Entrypoint", None, []),
        ("Cmd", [], None),
        ("Labels", None, {}),
        ("Env", None, []),
        ("StopSignal", "", None),
    ],
)
def test_spellings_of_one_value(same: Sides, key: str, before: Any, after: Any) -> None:
    assert differences({key: before}, {key: after}, same) == []
    assert differences({key: after}, {key: before}, same) == []


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("User", "0", "1"),
        ("User", "", "nonroot"),
        ("User", "app", "app:app"),
        ("User", "0", "0:1"),
        ("ExposedPorts", {"53/udp": {}}, {"53/tcp": {}}),
        ("Cmd", ["./shop"], ["/app/shop"]),
        ("Cmd", ["./shop", ""], ["./shop"]),
        ("WorkingDir", "/app", "/App"),
    ],
)
def test_values_that_are_alike_but_not_the_same(
    split: Sides, key: str, before: Any, after: Any
) -> None:
    assert [each.expected for each in differences({key: before}, {key: after}, split)] == [""]


def test_platform(split: Sides) -> None:
    found = list(compare_configs(image("linux/amd64"), image("linux/arm64"), split))
    assert found == [Difference("platform", "linux/amd64", "linux/arm64")]


# --- environment and labels ------------------------------------------------------------


def env(before: str, after: str, found: Sides) -> dict[str, str]:
    """name -> why it is expected, of the variables that differ."""
    told = differences({"Env": before.split()}, {"Env": after.split()}, found)
    return {each.what.removeprefix("env "): each.expected for each in told}


def test_variables_of_another_base_image(tmp_path: Path) -> None:
    both = sides(tmp_path, GOLANG + "ENV MODE=x\n" + CMD)
    assert env("GOLANG_X=1 MODE=x", "SSL_CERT_FILE=/x MODE=x", both) == {
        "GOLANG_X": "comes with the base image",
        "SSL_CERT_FILE": "comes with the base image",
    }
    # The Dockerfile sets it: it must stay.
    for after in ("", "MODE=y", "MODE="):
        assert env("MODE=x", after, both) == {"MODE": ""}


def test_variables_of_the_same_base_image(same: Sides) -> None:
    assert env("A=1", "", same) == {"A": ""}
    assert env("A=1", "A=1=1", same) == {"A": ""}
    assert env("", "A=1", same) == {"A": ""}


def test_same_name_but_another_tag_is_another_base(tmp_path: Path) -> None:
    other = sides(tmp_path, GOLANG + CMD, GOLANG.replace("1.24", "1.24-alpine") + CMD)
    assert env("A=1", "A=2", other) == {"A": "comes with the base image"}


def test_variables_for_the_build_only(same: Sides) -> None:
    assert set(env("CGO_ENABLED=0 GOFLAGS=-v GOPATH=/go", "", same).values()) == {
        "steers builds only"
    }


def test_declared_variables(tmp_path: Path) -> None:
    both = sides(tmp_path, GOLANG + "ENV MODE=x\n" + CMD, declared=["env"])
    assert env("MODE=x", "", both) == {"MODE": DECLARED}


@pytest.mark.parametrize("after", [PATH, GO_PATH, f"/usr/local/go/bin/:{PATH}"])
def test_go_directories_of_path_are_not_missed(same: Sides, after: str) -> None:
    assert env(f"PATH={GO_PATH}", f"PATH={after}", same) == {}


def test_other_directories_of_path_are_missed(same: Sides) -> None:
    assert env(f"PATH={GO_PATH}:/tools", f"PATH={PATH}", same) == {"PATH": ""}
    assert env(f"PATH={PATH}", "", same) == {"PATH": ""}
    assert env("PATH=/bin:/usr/bin", "PATH=/usr/bin:/bin", same) == {"PATH": ""}


def test_path_of_another_base_image(split: Sides) -> None:
    assert env("PATH=/usr/bin:/bin", f"PATH={PATH}", split) == {"PATH": "comes with the base image"}


def test_path_that_the_dockerfile_sets(tmp_path: Path) -> None:
    both = sides(tmp_path, GOLANG + "ENV PATH=/tools:$PATH\n" + CMD)
    assert env(f"PATH=/tools:{GO_PATH}", f"PATH={PATH}", both) == {"PATH": ""}


def test_labels(tmp_path: Path) -> None:
    before = GOLANG + "LABEL team=shop\nMAINTAINER me\n" + CMD
    both = sides(tmp_path, before)
    labels = {"team": "shop", "maintainer": "me", "base": "x"}
    found = differences({"Labels": labels}, {"Labels": {"other": "y"}}, both)
    assert {each.what: each.expected for each in found} == {
        "label base": "comes with the base image",
        "label maintainer": "",
        "label other": "comes with the base image",
        "label team": "",
    }
    declared = sides(tmp_path, before, declared=["labels"])
    found = differences({"Labels": labels}, {}, declared)
    assert {each.expected for each in found} == {DECLARED}


def test_labels_of_the_same_base_image(same: Sides) -> None:
    found = differences({"Labels": {"a": "1"}}, {"Labels": {"a": "2"}}, same)
    assert found == [Difference("label a", "1", "2")]


def test_a_difference_as_text() -> None:
    assert str(Difference("user", "0", "65532")) == "user: 0 -> 65532"
    assert str(Difference("user", "0", "1", DECLARED)) == "user: 0 -> 1 (the patch says so)"


# --- files -----------------------------------------------------------------------------


class Listed(Images):
    """Images whose files are listed here. files: container -> path -> entry."""

    def __init__(self, before: Mapping[str, FileEntry], after: Mapping[str, FileEntry]) -> None:
        self.listed = {"before": before, "after": after}

    def files(self, container: str, path: str) -> dict[str, FileEntry] | None:
        found = {
            name: entry
            for name, entry in self.listed[container].items()
            if name == path or name.startswith(path + "/")
        }
        return found or None


def file(content: str = "c", mode: int = 0o644, owner: int = 0, go: bool = False) -> FileEntry:
    return FileEntry("file", mode, (owner, owner), content, go)


PROGRAM = file("before", 0o755, go=True)
OTHER = file("after", 0o755, go=True)


def compared(
    before: Mapping[str, FileEntry], after: Mapping[str, FileEntry], found: Sides
) -> list[Difference]:
    return list(compare_files(Listed(before, after), ("before", "after"), found))


def test_program_that_was_linked_again(split: Sides) -> None:
    assert compared({"/app/shop": PROGRAM}, {"/app/shop": OTHER}, split) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PROGRAM, OTHER._replace(mode=0o644)),
        (PROGRAM, OTHER._replace(mode=0o4755)),
        (PROGRAM, OTHER._replace(owner=(65532, 65532))),
        (PROGRAM, OTHER._replace(owner=(0, 1))),
        (PROGRAM, OTHER._replace(go=False)),
        (PROGRAM._replace(go=False), OTHER),
        (file("a"), file("b")),
        (file("a"), FileEntry("link", 0o777, (0, 0), "a")),
        (file("a"), FileEntry("directory", 0o644, (0, 0), "a")),
        (FileEntry("link", 0o777, (0, 0), "a"), FileEntry("link", 0o777, (0, 0), "b")),
        (FileEntry("directory", 0o755, (0, 0), ""), FileEntry("directory", 0o700, (0, 0), "")),
        (FileEntry("directory", 0o755, (0, 0), ""), FileEntry("directory", 0o755, (1, 1), "")),
    ],
)
def test_file_that_differs(split: Sides, before: FileEntry, after: FileEntry) -> None:
    found = compared({"/app/shop": before}, {"/app/shop": after}, split)
    assert found == [Difference("/app/shop", str(before), str(after))]


def link(to: str) -> FileEntry:
    return FileEntry("link", 0o777, (0, 0), to)


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ({"/etc/localtime": link("/usr/share/zoneinfo/PRC")}, _FOLLOWED),
        ({"/etc/localtime": link("../usr/share/zoneinfo/PRC")}, _FOLLOWED),
        (
            {"/etc/localtime": link("zone"), "/etc/zone": link("../usr/share/zoneinfo/PRC")},
            _FOLLOWED,
        ),
        ({"/etc/localtime": link("/usr/share/zoneinfo/UTC")}, ""),
        ({"/etc/localtime": link("/gone")}, ""),
        ({"/etc/localtime": link("localtime")}, ""),
    ],
)
def test_copy_follows_links(tmp_path: Path, links: dict[str, FileEntry], expected: str) -> None:
    copied = "COPY --from=builder /etc/localtime /etc/localtime\n"
    zones = {"/usr/share/zoneinfo/PRC": file("prc"), "/usr/share/zoneinfo/UTC": file("utc")}
    before = {"/app/shop": PROGRAM, **zones, **links}
    after = {"/app/shop": PROGRAM, "/etc/localtime": file("prc")}
    (found,) = compared(before, after, sides(tmp_path, after=SPLIT + copied + CMD))
    assert (found.what, found.expected) == ("/etc/localtime", expected)


def test_file_that_was_not_there_before(split: Sides) -> None:
    before, after = {"/app/shop": PROGRAM}, {"/app/shop": OTHER, "/app/new": file()}
    assert compared(before, after, split) == [Difference("/app/new", "missing", str(file()))]


def test_sources_that_are_gone_are_not_missed(split: Sides) -> None:
    before = {"/app/shop": PROGRAM, "/app/main.go": file(), "/app/go.mod": file()}
    assert compared(before, {"/app/shop": OTHER}, split) == []


def test_program_that_is_gone(split: Sides) -> None:
    """The directory is still there."""
    directory = FileEntry("directory", 0o755, (0, 0), "")
    before, after = {"/app": directory, "/app/shop": PROGRAM}, {"/app": directory}
    assert compared(before, after, split) == [Difference("/app/shop", str(PROGRAM), "missing")]


def test_directory_that_is_gone(split: Sides) -> None:
    directory = FileEntry("directory", 0o755, (0, 0), "")
    found = compared({"/app": directory, "/app/shop": PROGRAM}, {}, split)
    assert [(each.what, each.after) for each in found] == [
        ("/app", "missing"),
        ("/app/shop", "missing"),
    ]


def test_copied_file_that_is_gone(tmp_path: Path) -> None:
    both = sides(tmp_path, after=SPLIT + "COPY --from=builder /etc/app.conf /etc/app.conf\n" + CMD)
    files = {"/app/shop": PROGRAM}
    found = compared({**files, "/etc/app.conf": file()}, files, both)
    assert [(each.what, each.after) for each in found] == [("/etc/app.conf", "missing")]


def test_program_that_moves_as_declared(tmp_path: Path) -> None:
    before = GOLANG + 'CMD ["go", "run", "."]\n'
    both = sides(tmp_path, before, declared=["program", "cmd"])
    assert compared({}, {"/app/shop": OTHER}, both) == [
        Difference("/app/shop", "missing", str(OTHER), DECLARED)
    ]
    # Only the program: what else is new is not declared.
    found = compared({}, {"/app/shop": OTHER, "/app/x": file()}, both)
    assert [each.expected for each in found] == [DECLARED, ""]


def test_what_cannot_be_read_is_no_difference_but_an_error(split: Sides) -> None:
    class Broken(Listed):
        def files(self, container: str, path: str) -> dict[str, FileEntry] | None:
            raise ImageError("gone")

    with pytest.raises(ImageError):
        list(compare_files(Broken({}, {}), ("before", "after"), split))


@pytest.mark.parametrize(
    ("runtime", "paths"),
    [
        ('COPY --from=builder /app/shop /shop\nENTRYPOINT ["/shop"]\n', ("/shop",)),
        ('WORKDIR /web\nCOPY --from=builder /app/shop .\nCMD ["./shop"]\n', ("/web",)),
        (
            "WORKDIR /web\nCOPY --from=builder /app/shop /usr/local/bin/\n"
            "COPY --from=builder /app/views /web/views\nCMD ['x']\n",
            ("/usr/local/bin/shop", "/web"),
        ),
        ("COPY main.go go.mod /etc/shop/\nCMD ['x']\n", ("/etc/shop/go.mod", "/etc/shop/main.go")),
        # All of the context into the root: its files, not all of the base image.
        ("COPY . /\nCMD ['x']\n", ("/Dockerfile", "/go.mod", "/main.go")),
    ],
)
def test_paths_that_are_compared(tmp_path: Path, runtime: str, paths: tuple[str, ...]) -> None:
    text = SPLIT.partition("WORKDIR /app\nCOPY --from")[0] + runtime.replace("'", '"')
    assert runtime_paths(sides(tmp_path, after=text)) == paths
    assert set(SHOP) == {"go.mod", "main.go"}
