"""What is planned for pull requests: each of them may be the only one that is merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.fleet.settings import Settings
from gorewrite.pulls import planning
from gorewrite.pulls.branches import branch_of
from gorewrite.pulls.groups import groups_of
from gorewrite.pulls.owners import Owners
from gorewrite.pulls.planning import Scan, scan
from tests.git.tools import repository
from tests.pulls.tools import DOCKERFILE, service

#: Two services of one module, built from its root by one Makefile.
SHARED = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n",
    "README.md": "# Shop\n",
    "cmd/a/main.go": "package main\n\nfunc main() { println(1) }\n",
    "cmd/b/main.go": "package main\n\nfunc main() { println(2) }\n",
    "cmd/a/Dockerfile": DOCKERFILE.replace("/app .", "/app ./cmd/a"),
    "cmd/b/Dockerfile": DOCKERFILE.replace("/app .", "/app ./cmd/b"),
    "Makefile": "a:\n\tDOCKER_BUILDKIT=0 docker build -f cmd/a/Dockerfile .\n\n"
    "b:\n\tdocker build -f cmd/b/Dockerfile .\n",
}


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    repository(tmp_path / "r", SHARED)
    return tmp_path / "r"


def edits(scanned: Scan) -> dict[str, list[str]]:
    """Dockerfile -> the files that change with it."""
    return {each.path: [edit.path for edit in each.edits] for each in scanned.planned}


def test_an_ignore_file_that_two_share_goes_with_one_of_them(shared: Path) -> None:
    scanned = scan(shared, Settings(), "service", None)
    found = edits(scanned)
    assert set(found) == {"cmd/a/Dockerfile", "cmd/b/Dockerfile"}
    assert sum(".dockerignore" in files for files in found.values()) == 1


def test_what_does_not_hold_for_each_alone_waits(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning._Sharing, "_holds_now", lambda *_: False)
    scanned = scan(shared, Settings(), "service", None)
    assert not any(".dockerignore" in files for files in edits(scanned).values())
    waiting = [
        (each.path, refusal["transform"])
        for each in scanned.planned
        for refusal in each.document["refusals"]
        if refusal["code"] == "waits"
    ]
    assert waiting == [("cmd/a/Dockerfile", "dockerignore")]
    diffs = [each.document["diff"] for each in scanned.planned]
    assert not any(".dockerignore" in diff for diff in diffs)
    assert any(".dockerignore" in f for f in edits(scan(shared, Settings(), "repo", None)).values())


def test_the_patches_of_groups_apply_to_the_base_each_for_itself(shared: Path) -> None:
    scanned = scan(shared, Settings(), "service", None)
    groups = groups_of(scanned.planned, scanned.others, scanned.grouper)
    assert len(groups) == 2
    for group in groups:
        before: dict[str, bytes | None] = {}
        for planned in group.planned:
            for edit in planned.edits:
                path = shared / edit.path
                base = path.read_bytes() if path.exists() else None
                assert edit.old == before.get(edit.path, base)
                before[edit.path] = edit.new


def test_what_is_objected_to_counts_for_nobody(shared: Path) -> None:
    scanned = scan(
        shared,
        Settings(),
        "repo",
        None,
        objection=lambda planned: "it failed" if planned.path == "cmd/a/Dockerfile" else "",
    )
    assert set(edits(scanned)) == {"cmd/b/Dockerfile"}
    for edit in scanned.planned[0].edits:
        path = shared / edit.path
        assert edit.old == (path.read_bytes() if path.exists() else None)
    (other,) = scanned.others
    assert other["refusals"][-1]["message"] == "it failed"
    assert not any(change["applied"] for change in other["changes"])


def test_a_linked_dockerfile_changes_the_file_not_the_link(tmp_path: Path) -> None:
    root = tmp_path / "r"
    repository(root, service("shop"))
    (root / "shop/Dockerfile").rename(root / "shop/real.Dockerfile")
    (root / "shop/Dockerfile").symlink_to("real.Dockerfile")
    scanned = scan(root, Settings(), "repo", None)
    changed = {path for files in edits(scanned).values() for path in files}
    assert "shop/real.Dockerfile" in changed and "shop/Dockerfile" not in changed


def test_what_fails_keeps_its_branch(tmp_path: Path) -> None:
    root = tmp_path / "r"
    repository(root, {**service("shop"), "cart/Dockerfile": "FROM golang\nRUN <<EOF\nno end\n"})
    scanned = scan(root, Settings(), "service", None)
    assert [(each.path, each.line) for each in scanned.failed] == [("cart/Dockerfile", 2)]
    assert scanned.kept("default") == {branch_of("default", "cart")}
    assert list(edits(scanned)) == ["shop/Dockerfile"]


def test_nothing_is_written(shared: Path) -> None:
    before = {p: p.read_bytes() for p in shared.rglob("*") if p.is_file()}
    scan(shared, Settings(), None, None)
    assert {p: p.read_bytes() for p in shared.rglob("*") if p.is_file()} == before


# --- groups ------------------------------------------------------------------------------------

FOUR = {k: v for name in ("s/a", "s/b", "t/c", "d") for k, v in service(name).items()}
OWNERS = "s/ @acme/s @lead\n/t/ @Lead @acme/s\n"


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("service", ["d", "s/a", "s/b", "t/c"]),
        ("owner", ["no owner", "@acme/s @lead"]),
        ("repo", ["."]),
        (None, ["no owner", "@acme/s @lead"]),
    ],
)
def test_keys(by: str | None, keys: list[str], tmp_path: Path) -> None:
    repository(tmp_path / "r", FOUR)
    owners = Owners(OWNERS, "github")
    scanned = scan(tmp_path / "r", Settings(), by, owners)  # type: ignore[arg-type]
    groups = groups_of(scanned.planned, scanned.others, scanned.grouper)
    assert [group.key for group in groups] == keys
    assert sum(len(group.planned) for group in groups) == 4


def test_without_owners_the_repository_is_one_group(tmp_path: Path) -> None:
    repository(tmp_path / "r", FOUR)
    assert scan(tmp_path / "r", Settings(), None, None).grouper.by == "repo"
    nobody = Owners("*.md @docs\n", "github")
    assert scan(tmp_path / "r", Settings(), None, nobody).grouper.by == "repo"


def test_a_part_of_the_repository_is_a_group_of_its_own(tmp_path: Path) -> None:
    repository(tmp_path / "r", FOUR)
    scanned = scan(tmp_path / "r", Settings(), "repo", None, ("s",))
    (group,) = groups_of(scanned.planned, scanned.others, scanned.grouper)
    assert (group.key, len(group.planned)) == ("s", 2)


@pytest.mark.parametrize(
    ("key", "start"),
    [
        ("services/shop", "gorewrite/services-shop-"),
        (".", "gorewrite/dockerfiles-"),
        ("Ünï/..lock", "gorewrite/n-lock-"),
        ("a/" * 100 + "shop", "gorewrite/a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-shop-"),
    ],
)
def test_names_of_branches_are_flat_short_and_legal(key: str, start: str) -> None:
    branch = branch_of("default", key)
    assert branch.startswith(start) and len(branch) == len(start) + 8
    assert branch.count("/") == 1
    assert branch != branch_of("other", key)
