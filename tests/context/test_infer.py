"""Which directory is the build context."""

from pathlib import Path

import pytest

from gorewrite.callers.index import read_index
from gorewrite.context import ContextGuess, infer_context


def guess(
    root: Path,
    dockerfile: str,
    sources: list[str],
    files: dict[str, str],
    mentions: tuple[str, ...] = (),
) -> ContextGuess:
    for name, content in {dockerfile: "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return infer_context(root / dockerfile, root, sources, mentions=mentions)


def mods(*directories: str) -> dict[str, str]:
    return {f"{directory}/go.mod": "module m\n" for directory in directories}


CERTAIN = [
    # dockerfile, COPY sources, files, expected root
    ("Dockerfile", ["."], {}, "."),
    ("Dockerfile", ["go.mod", "bin/app"], {"go.mod": ""}, "."),
    ("svc/Dockerfile", ["."], mods("svc"), "svc"),
    ("svc/Dockerfile", ["."], mods("svc", "."), "svc"),
    ("svc/Dockerfile", ["go.mod", "."], mods("."), "."),
    ("svc/Dockerfile", ["go.*", "."], mods("."), "."),
    ("svc/Dockerfile", ["go.mod", "go.su*", "."], mods("."), "."),
    ("svc/Dockerfile", ["**/go.mod", "**/go.sum", "."], mods("svc"), "svc"),
    ("svc/Dockerfile", ["/go.mod", "../lib"], {**mods("svc"), "go.mod": "", "lib/a": ""}, "."),
    ("svc/Dockerfile", ["go.mod", "svc"], mods("."), "."),
    ("a/b/c/Dockerfile", ["b/x"], {"a/b/x": ""}, "a"),
    ("build/Dockerfile", ["."], mods("."), "."),
    ("build/Dockerfile", ["./"], {**mods("."), "build/run.sh": ""}, "."),
    ("deploy/prod/Dockerfile", ["."], mods("."), "."),
    ("svc/build/Dockerfile", ["."], mods("svc", "."), "svc"),
    (
        "svc/Dockerfile",
        [".", "$X/y", "https://example.com/a", "git@example.com:a"],
        mods("svc"),
        "svc",
    ),
    ("hello/Dockerfile", ["."], {"hello/main.go": ""}, "hello"),
    ("svc/Dockerfile", ["main.go"], {"svc/main.go": ""}, "svc"),
    ("Dockerfile", ["key.json"], {".gitignore": "key.json\n"}, "."),
]


@pytest.mark.parametrize(("dockerfile", "sources", "files", "expected"), CERTAIN)
def test_one_stands_out(
    tmp_path: Path, dockerfile: str, sources: list[str], files: dict[str, str], expected: str
) -> None:
    found = guess(tmp_path, dockerfile, sources, files)
    assert (found.root, found.certain) == ((tmp_path / expected).resolve(), True), found.why
    assert found.candidates == (found.root,)
    assert found.why


UNCERTAIN = [
    # no go.mod, nothing tells
    ("svc/Dockerfile", ["."], {}, "svc"),
    ("svc/Dockerfile", [], {}, "svc"),
    # Go files at two places, no go.mod
    ("svc/Dockerfile", ["."], {"svc/a.go": "", "b.go": ""}, "svc"),
    ("svc/Dockerfile", ["."], {"b.go": ""}, "."),
    # its own Go files, the module above
    ("cmd/x/Dockerfile", ["."], {"go.mod": "", "cmd/x/main.go": ""}, "."),
    ("x/Dockerfile", ["."], {"go.mod": "", "x/server/main.go": ""}, "."),
    ("a/b/Dockerfile", ["."], {"go.mod": "", "a/x/main.go": ""}, "."),
    # the module needs what is outside of it
    ("svc/Dockerfile", ["."], {"svc/go.mod": "replace example.com/lib => ../lib\n"}, "svc"),
    ("svc/Dockerfile", ["."], {**mods("svc"), "go.work": ""}, "svc"),
    # two modules above, and the directory has no name that tells
    ("a/svc/x/Dockerfile", ["."], mods("a/svc", "."), "a/svc"),
    # a source is nowhere
    ("svc/Dockerfile", ["go.mod", "bin/app"], mods("svc"), "svc"),
    ("svc/Dockerfile", ["dist"], {}, "svc"),
    ("Dockerfile", ["dist"], {}, "."),
]


@pytest.mark.parametrize(("dockerfile", "sources", "files", "expected"), UNCERTAIN)
def test_ambiguous(
    tmp_path: Path, dockerfile: str, sources: list[str], files: dict[str, str], expected: str
) -> None:
    found = guess(tmp_path, dockerfile, sources, files)
    assert (found.root, found.certain) == ((tmp_path / expected).resolve(), False), found.why
    assert found.candidates[0] == found.root
    assert found.why


def test_mentions_tell_candidates_apart(tmp_path: Path) -> None:
    files = {**mods("svc", "."), "cmd/x/main.go": ""}
    assert guess(tmp_path, "svc/Dockerfile", ["."], files).root.name == "svc"
    found = guess(tmp_path, "svc/Dockerfile", ["."], files, mentions=("./cmd/x",))
    assert found.root == tmp_path and found.certain
    assert "cmd/x" in found.why
    found = guess(tmp_path, "svc/Dockerfile", ["."], files, mentions=("./nowhere",))
    assert found.root.name == "svc" and found.certain


def test_given(tmp_path: Path) -> None:
    found = infer_context(tmp_path / "a/Dockerfile", tmp_path, ["x"], given=tmp_path / "b")
    assert (found.root, found.certain) == (tmp_path / "b", True)


def test_outside_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "svc").mkdir()
    found = infer_context(tmp_path / "svc/Dockerfile", tmp_path / "svc", ["."])
    assert found.root == tmp_path / "svc" and found.certain


def test_linked_dockerfile_is_built_where_the_link_is(tmp_path: Path) -> None:
    files = {**mods("svc"), "common/Dockerfile": ""}
    guess(tmp_path, "svc/other", ["."], files)
    (tmp_path / "svc/Dockerfile").symlink_to("../common/Dockerfile")
    assert infer_context(tmp_path / "svc/Dockerfile", tmp_path, ["."]).root == tmp_path / "svc"


def test_malformed_wildcard_is_passed_over(tmp_path: Path) -> None:
    assert guess(tmp_path, "svc/Dockerfile", ["[", "."], mods("svc")).root == tmp_path / "svc"


JOB = "jobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n"

CALLS = [
    # file, its text, context named for svc/Dockerfile
    ("compose.yaml", "services:\n  a:\n    build: ./svc\n", "svc"),
    ("compose.yaml", "services:\n  a:\n    build: 'svc/'  # here\n", "svc"),
    (
        "docker-compose.dev.yml",
        "services:\n  a:\n    build:\n      # all\n      context: .\n\n"
        "      dockerfile: svc/Dockerfile\n",
        ".",
    ),
    (
        "svc/docker-compose.yml",
        "services:\n  a:\n    build:\n      context: ..\n"
        "      dockerfile: svc/Dockerfile\n      args:\n        context: no\n",
        ".",
    ),
    ("compose.yml", "services: {a: {build: {context: ., dockerfile: svc/Dockerfile}}}\n", "."),
    ("compose.yml", "services:\n  a:\n    build:\n      dockerfile: ./svc/Dockerfile\n", "."),
    ("Makefile", "image:\n\tdocker build -t x -f svc/Dockerfile .\n", "."),
    ("Makefile", "image:\n\t@docker build -t $(IMG):$(TAG) --file=svc/Dockerfile $(CURDIR)\n", "."),
    ("Makefile", "a:\n\tcd x && ls\nimage:\n\tdocker build svc\n", "svc"),
    ("svc/Makefile", "image:\n\tdocker buildx build --load --platform linux/amd64 .\n", "svc"),
    (
        "svc/Makefile",
        "image:\n\tdocker build -f Dockerfile \\\n\t  --build-arg A=b \\\n\t  ..\n",
        "..",
    ),
    ("build.sh", "#!/bin/sh\nset -e\npodman build . -f svc/Dockerfile && echo\n", "."),
    ("build.sh", 'docker image build "./svc"\n', "svc"),
    (".gitlab-ci.yml", "b:\n  script:\n    - docker build -f svc/Dockerfile .\n", "."),
    ("Makefile", "image:\n\tcd svc && docker build .\n", "svc"),
    ("build.sh", "cd svc\ndocker build .\n", "svc"),
    ("svc/build.sh", "docker build .\n", "svc"),
    (".github/workflows/ci.yml", JOB + "      - run: docker build svc\n", "svc"),
    (
        ".github/workflows/ci.yml",
        JOB + "      - run: docker build .\n        working-directory: svc\n",
        "svc",
    ),
    (
        ".github/workflows/ci.yml",
        JOB + "      - uses: docker/build-push-action@v6\n        with:\n          context: .\n"
        "          file: ./svc/Dockerfile\n          push: true\n",
        ".",
    ),
    (
        ".github/workflows/ci.yaml",
        JOB + "      - uses: docker/build-push-action@v6\n        with: {context: svc}\n",
        "svc",
    ),
]


@pytest.mark.parametrize(("file", "text", "expected"), CALLS)
def test_callers(tmp_path: Path, file: str, text: str, expected: str) -> None:
    top = tmp_path / "repo"
    found = guess(top, "svc/Dockerfile", ["."], {**mods("svc", "."), file: text})
    if expected == "..":
        expected = "."
    assert (found.root, found.certain) == ((top / expected).resolve(), True), found.why
    (evidence,) = found.evidence
    assert evidence.path == file
    assert 1 <= evidence.line <= text.count("\n")
    assert found.why == f"named by {evidence}"


NO_CALLS = [
    ("compose.yaml", "services:\n  a:\n    image: x\n"),
    ("compose.yaml", "services:\n  a:\n    build: ./other\n"),
    ("compose.yaml", "services:\n  a:\n    build: ${DIR}\n"),
    ("compose.yaml", "services:\n  a:\n    build: https://example.com/r.git\n"),
    ("compose.yaml", "services:\n  a:\n    #build: svc\n"),
    ("compose.yaml", "services:\n  build:\n    image: x\n"),
    ("compose.yaml", "build: svc\n"),
    ("compose.yaml", "services:\n  a:\n    build: svc\n  b: [\n"),
    ("compose.yaml", "services:\n  a:\n    build:\n      context: ../..\n"),
    (
        "compose.yaml",
        "services:\n  a:\n    build:\n      context: svc\n      dockerfile: Dockerfile.dev\n",
    ),
    ("compose.yaml", "services:\n  a:\n    build:\n"),
    ("other.yaml", "services:\n  a:\n    build: ./svc\n"),
    ("Makefile", "image:\n\tcd $(DIR) && docker build .\n"),
    ("Makefile", "image:\n\t# docker build svc\n\techo docker build svc\n"),
    ("Makefile", "image:\n\tdocker build --unknown svc\n"),
    ("Makefile", "image:\n\tdocker build $(DIR)\n"),
    ("Makefile", "image:\n\tdocker build -f $(F) svc\n"),
    ("Makefile", "image:\n\tdocker build -t 'x svc\n"),
    ("Makefile", "image:\n\tdocker build - < svc/Dockerfile\n"),
    ("Makefile", "image:\n\tdocker compose build svc\n"),
    ("Makefile", "image:\n\tgo build svc\n"),
    ("build.sh", "cd $DIR\ndocker build .\n"),
    (".github/workflows/ci.yml", JOB + "      - run: docker build $DIR\n"),
    (".github/workflows/ci.yml", JOB + "      - with: {file: svc/Dockerfile}\n"),
    (".github/ci.yml", JOB + "      - run: docker build svc\n"),
]


@pytest.mark.parametrize(("file", "text"), NO_CALLS)
def test_no_callers(tmp_path: Path, file: str, text: str) -> None:
    top = tmp_path / "repo"
    guess(top, "svc/Dockerfile", ["."], {file: text})
    assert read_index(top).contexts(top / "svc/Dockerfile") == ()


def test_callers_that_disagree(tmp_path: Path) -> None:
    files = {
        **mods("svc"),
        "compose.yaml": "services: {a: {build: svc}}\n",
        "Makefile": "a:\n\tdocker build -f svc/Dockerfile .\n",
    }
    found = guess(tmp_path, "svc/Dockerfile", ["."], files)
    assert not found.certain
    assert set(found.candidates) == {tmp_path / "svc", tmp_path}
    assert len(found.evidence) == 2


def test_a_caller_that_cannot_build(tmp_path: Path) -> None:
    files = {
        **mods("svc"),
        "compose.yaml": "services: {a: {build: svc}}\n",
        "Makefile": "a:\n\tdocker build -f svc/Dockerfile .\n",
    }
    found = guess(tmp_path, "svc/Dockerfile", ["go.mod", "."], files)
    assert (found.root, found.certain) == (tmp_path / "svc", True)
    assert [each.path for each in found.evidence] == ["compose.yaml"]


def test_large_caller_is_passed_over(tmp_path: Path) -> None:
    text = "services: {a: {build: svc}}\n" + "#" * 300_000
    guess(tmp_path, "svc/Dockerfile", ["."], {"compose.yaml": text})
    assert read_index(tmp_path).contexts(tmp_path / "svc/Dockerfile") == ()
