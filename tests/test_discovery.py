"""Which files are taken for Dockerfiles."""

import os
import subprocess
from pathlib import Path

import pytest

from gorewrite import discovery
from gorewrite.discovery import (
    DiscoveryError,
    Survey,
    find_dockerfiles,
    is_dockerfile_name,
    passed_over,
    repository_root,
)
from gorewrite.files import Tape, recording


def files(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("FROM scratch\n")
    return root


def git(directory: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=directory, check=True, capture_output=True)


def found(root: Path, *paths: Path, exclude: tuple[str, ...] = ()) -> list[str]:
    taken = find_dockerfiles(paths or [root], exclude)
    return [path.relative_to(root).as_posix() for path in taken]


@pytest.fixture(params=["disk", "git"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    directory = tmp_path / "root"
    directory.mkdir()
    if request.param == "git":
        git(directory, "init", "-q")
    return directory


@pytest.mark.parametrize(
    "name",
    [
        "Dockerfile",
        "dockerfile",
        "Dockerfile.dev",
        "Dockerfile.tmpl",
        "Dockerfile-alpine",
        "Dockerfile_test",
        "api.Dockerfile",
        "api.dockerfile",
        "Containerfile",
        "Containerfile.dev",
    ],
)
def test_names(name: str) -> None:
    assert is_dockerfile_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "Dockerfile.dockerignore",
        "Containerfile.dockerignore",
        ".dockerignore",
        "dockerfile.go",
        "dockerfile_parser",
        "DockerFile",
        "Dockerfiles",
        "DockerfileParser.java",
        ".Dockerfile",
        "MyDockerfile",
        "Dockerfile.",
        "compose.yaml",
        "",
    ],
)
def test_other_names(name: str) -> None:
    assert not is_dockerfile_name(name)


def test_search(root: Path) -> None:
    files(
        root,
        "Dockerfile",
        "b/Dockerfile.dev",
        "b/c/api.Dockerfile",
        "a b/Containerfile",
        "a b/é.Dockerfile",
        "main.go",
        "vendor/x/Dockerfile",
        "a/node_modules/x/Dockerfile",
        "a/testdata/Dockerfile",
        "vendored/Dockerfile",
        "Dockerfile.dockerignore",
    )
    (root / "d" / "Dockerfile").mkdir(parents=True)
    files(root, "d/Dockerfile/x")
    expected = [
        "Dockerfile",
        "a b/Containerfile",
        "a b/é.Dockerfile",
        "b/Dockerfile.dev",
        "b/c/api.Dockerfile",
        "vendored/Dockerfile",
    ]
    assert found(root) == expected
    assert found(root, root / "b", root / "b" / "c", root) == expected
    assert found(root, root / "b") == ["b/Dockerfile.dev", "b/c/api.Dockerfile"]


def test_what_callers_build_is_found_whatever_its_name(root: Path) -> None:
    files(root, "build/image", "build/other", "svc/docker/prod.txt", "vendor/a/image", "Dockerfile")
    (root / "Makefile").write_text(
        "image:\n\tdocker build -f build/image .\n\tdocker build -f vendor/a/image .\n"
        "\tdocker build -f missing/image .\n"
    )
    (root / "svc/compose.yaml").write_text(
        "services: {a: {build: {context: ., dockerfile: docker/prod.txt}}}\n"
    )
    assert found(root) == ["Dockerfile", "build/image", "svc/docker/prod.txt"]
    # Outside of a repository nothing says where callers above would end.
    assert found(root, root / "build") == (["build/image"] if (root / ".git").exists() else [])
    assert found(root, exclude=("build",)) == ["Dockerfile", "svc/docker/prod.txt"]


def test_explicit(root: Path) -> None:
    files(root, "vendor/x/Dockerfile", "odd.name", "Dockerfile")
    assert found(root, root / "odd.name") == ["odd.name"]
    assert found(root, root / "vendor" / "x" / "Dockerfile") == ["vendor/x/Dockerfile"]
    assert found(root, root / "vendor") == ["vendor/x/Dockerfile"]
    assert found(root, root / "Dockerfile", root, root / "vendor/../Dockerfile") == ["Dockerfile"]


def test_explicit_problems(root: Path) -> None:
    with pytest.raises(DiscoveryError, match="no such file"):
        find_dockerfiles([root / "absent"])
    os.mkfifo(root / "Dockerfile")
    with pytest.raises(DiscoveryError, match="not a file or directory"):
        find_dockerfiles([root / "Dockerfile"])
    assert found(root) == []


def test_nothing(root: Path) -> None:
    assert found(root) == []
    assert find_dockerfiles([]) == ()


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        ((), ["Dockerfile", "a/Dockerfile", "a/b/Dockerfile.dev", "c/a/Dockerfile"]),
        (("a",), ["Dockerfile"]),
        (("./a",), ["Dockerfile", "c/a/Dockerfile"]),
        (("a/",), ["Dockerfile"]),
        (("/a",), ["Dockerfile", "c/a/Dockerfile"]),
        (("*.dev",), ["Dockerfile", "a/Dockerfile", "c/a/Dockerfile"]),
        (("*/b", "c/*"), ["Dockerfile", "a/Dockerfile"]),
        (("Dockerfile",), ["a/b/Dockerfile.dev"]),
        (("a/*/Dockerfile.*",), ["Dockerfile", "a/Dockerfile", "c/a/Dockerfile"]),
        (("a/**",), ["Dockerfile", "c/a/Dockerfile"]),
        (("**/a/*",), ["Dockerfile"]),
        (("c/**/Dockerfile", "/*/b/"), ["Dockerfile", "a/Dockerfile"]),
        (("nothing",), ["Dockerfile", "a/Dockerfile", "a/b/Dockerfile.dev", "c/a/Dockerfile"]),
    ],
)
def test_exclude(root: Path, exclude: tuple[str, ...], expected: list[str]) -> None:
    files(root, "Dockerfile", "a/Dockerfile", "a/b/Dockerfile.dev", "c/a/Dockerfile")
    assert found(root, exclude=exclude) == expected


def test_exclude_relative_to_another_directory(root: Path) -> None:
    files(root, "a/b/Dockerfile", "a/c/Dockerfile", "b/Dockerfile")
    taken = find_dockerfiles([root / "a"], ["a/b"], base=root)
    assert taken == (root / "a/c/Dockerfile",)
    assert len(find_dockerfiles([root / "a"], ["/b", "a"], base=root)) == 2
    assert find_dockerfiles([root / "a"], ["a"]) == find_dockerfiles([root / "a"])
    assert len(find_dockerfiles([root / "a"], ["/b"], base=root / "b")) == 1


def test_what_a_search_passes_over(root: Path) -> None:
    """As a hook asks, which names each file."""
    files(root, "a/b/Dockerfile", "vendor/Dockerfile", "c/Dockerfile")
    (root / "c" / "link").symlink_to(root / "a" / "b" / "Dockerfile")
    for name, expected in (("a/b/Dockerfile", True), ("c/Dockerfile", False), ("c/link", False)):
        assert passed_over(root / name, ["a/**"], root) is expected
    assert passed_over(root / "vendor" / "Dockerfile", [], root)
    assert not passed_over(root / "a" / "b" / "Dockerfile", ["a"], root / "c"), "not below it"


def test_malformed_exclude(root: Path) -> None:
    with pytest.raises(DiscoveryError, match=r"exclude \[: "):
        found(root, exclude=("[",))


def test_links(root: Path) -> None:
    files(root, "real/Dockerfile", "common/base.Dockerfile")
    files(root.parent, "outside/Dockerfile")
    (root / "loop").symlink_to(".")
    (root / "linked").symlink_to("real")
    (root / "real" / "self").symlink_to("..")
    (root / "a").mkdir()
    (root / "a" / "Dockerfile").symlink_to("../common/base.Dockerfile")
    (root / "out").mkdir()
    (root / "out" / "Dockerfile").symlink_to("../../outside/Dockerfile")
    (root / "out" / "Dockerfile.gone").symlink_to("nowhere")
    (root / "out" / "Dockerfile.loop").symlink_to("Dockerfile.loop")
    assert found(root) == ["common/base.Dockerfile", "real/Dockerfile"]
    assert found(root, root / "out" / "Dockerfile") == ["out/Dockerfile"]


def test_ignored_by_git(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    files(tmp_path, "Dockerfile", "out/Dockerfile", "tracked/Dockerfile", "gone/Dockerfile")
    (tmp_path / ".gitignore").write_text("out/\n")
    git(tmp_path, "add", "tracked", "gone")
    (tmp_path / "gone" / "Dockerfile").unlink()
    assert found(tmp_path) == ["Dockerfile", "tracked/Dockerfile"]


def test_hook_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    files(tmp_path, "a/Dockerfile", "Dockerfile")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert found(tmp_path, tmp_path / "a") == ["a/Dockerfile"]


def test_git_that_is_missing_or_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "Dockerfile", "a/Dockerfile")
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    assert found(tmp_path) == ["Dockerfile", "a/Dockerfile"]
    monkeypatch.setenv("PATH", "/nowhere")
    assert found(tmp_path) == ["Dockerfile", "a/Dockerfile"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    files(tmp_path, "Dockerfile", "closed/Dockerfile")
    (tmp_path / "closed").chmod(0)
    try:
        assert found(tmp_path) == ["Dockerfile"]
        with pytest.raises(DiscoveryError):
            find_dockerfiles([tmp_path / "closed"])
    finally:
        (tmp_path / "closed").chmod(0o755)


def test_deep_tree(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    files(deep, "Dockerfile")
    assert len(find_dockerfiles([tmp_path])) == 1


def test_a_repository_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    files(tmp_path, "a/Dockerfile", "b/Dockerfile")
    calls: list[Path] = []
    listed = discovery._from_git

    def counted(directory: Path) -> tuple[str, ...] | None:
        calls.append(directory)
        return listed(directory)

    monkeypatch.setattr(discovery, "_from_git", counted)
    survey = Survey()
    assert len(survey.find(tmp_path / "a")) == 1
    assert len(survey.find(tmp_path / "b")) == 1
    assert survey.index(tmp_path) is survey.index(tmp_path)
    assert len(calls) == 1


def test_a_directory_outside_of_repositories_is_looked_at_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "_MOST_ENTRIES", 3)
    files(tmp_path, "a/deep/x", "b", "c", "node_modules/y")
    assert list(discovery.listing(tmp_path)) == ["b", "c"]


def test_repository_root(tmp_path: Path) -> None:
    (tmp_path / "r" / ".git").mkdir(parents=True)
    files(tmp_path, "r/a/b/Dockerfile", "r/sub/.git", "r/sub/x", "none/x")
    assert repository_root(tmp_path / "r") == tmp_path / "r"
    assert repository_root(tmp_path / "r/a/b/Dockerfile") == tmp_path / "r"
    assert repository_root(tmp_path / "r/sub/x") == tmp_path / "r/sub"
    assert repository_root(tmp_path / "none") is None


def test_repository_root_through_links(tmp_path: Path) -> None:
    (tmp_path / "r" / ".git").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    files(tmp_path, "r/a/b/Dockerfile", "other/Dockerfile")
    (tmp_path / "other/b").symlink_to(tmp_path / "r/a/b")
    (tmp_path / "other/link").symlink_to(tmp_path / "r/a/b/Dockerfile")
    (tmp_path / "r/out").symlink_to(tmp_path / "other")
    (tmp_path / "r/itself").symlink_to("itself")
    (tmp_path / "r/dangling").symlink_to(tmp_path / "other/nothing")
    for place in ("other/b", "other/b/Dockerfile", "other/link", "other/b/..", "r/itself"):
        assert repository_root(tmp_path / place) == tmp_path / "r", place
    for place in ("r/out", "r/out/Dockerfile", "r/dangling", "r/a/../out"):
        assert repository_root(tmp_path / place) is None, place


def test_repository_root_of_a_very_deep_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for _ in range(600):
        Path("d").mkdir()
        os.chdir("d")
    deep = tmp_path.joinpath(*["d"] * 600)
    assert repository_root(deep) == tmp_path
    with recording(Tape()):
        assert repository_root(deep / "Dockerfile") == tmp_path
