"""`gorewrite verify`, and `gorewrite --verify`, which applies only what verified."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gorewrite.cli import cli
from gorewrite.config import Config
from gorewrite.engine import available
from gorewrite.project import Workspace
from gorewrite.transform import Safety
from tests.repositories import MAIN, SHOP, repository
from tests.verify.tools import CONFIG, NAIVE, Fake, sweeping, tree

Gorewrite = Callable[..., Result]
BROKEN = {**CONFIG, "User": "65532"}
#: What is left of a verification that takes little: the images, not their run.
QUICK = "--verify-option=--quick"


@pytest.fixture
def gorewrite(fake: Fake, shop: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gorewrite]:
    """Runs it where the shop is."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.chdir(shop)

    def run(*args: str) -> Result:
        result = CliRunner().invoke(cli, args, prog_name="gorewrite")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    with sweeping(fake):
        yield run


def services(top: Path, **dockerfiles: str) -> None:
    """Services in directories of their own."""
    for name, text in dockerfiles.items():
        repository(top / name, {**SHOP, "Dockerfile": text})


def results(result: Result) -> list[tuple[str, str]]:
    return [(each["path"], each["verdict"]) for each in json.loads(result.stdout)["results"]]


# --- gorewrite verify ------------------------------------------------------------------


def test_verified(gorewrite: Gorewrite, shop: Path) -> None:
    before = tree(shop)
    result = gorewrite("verify")
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "Dockerfile\n  verified: the contract and the run are the same\n"
    )
    assert "rebuild, source edit" in result.stdout
    assert "1 verified; image size -99.0 % (median)." in result.stdout
    # What is being done is told beside it.
    assert "Dockerfile: before: cold build\n" in result.stderr
    assert "\x1b" not in result.output
    assert tree(shop) == before


@pytest.mark.parametrize(
    ("image", "spec", "status", "verdict"),
    [
        ("after", {"config": BROKEN}, 1, "failed"),
        ("after", {"build_error": "gone"}, 1, "failed"),
        ("before", {"build_error": "gone"}, 3, "unverified"),
    ],
)
def test_status(
    gorewrite: Gorewrite, fake: Fake, image: str, spec: dict[str, Any], status: int, verdict: str
) -> None:
    fake.set(image, **spec)
    result = gorewrite("verify", "--quick", "-q", "--output-format", "json")
    assert (result.exit_code, results(result)) == (status, [("Dockerfile", verdict)])
    assert result.stderr == ""


def test_nothing_to_verify(gorewrite: Gorewrite, shop: Path, fake: Fake) -> None:
    (shop / "Dockerfile").write_text("FROM alpine\n")
    result = gorewrite("verify")
    assert result.exit_code == 0
    assert fake.builds == []


@pytest.mark.parametrize(
    "args",
    [
        ("no-such-file",),
        ("--engine", "podman"),
        ("--engine", "lxc"),
        ("--timeout", "0"),
        ("--smoke-args", "'open"),
        ("--plot", "picture.pdf"),
        ("--select", "no-such"),
        ("--output-file", "none/result"),
        ("--no-such-option",),
    ],
)
def test_usage(gorewrite: Gorewrite, shop: Path, fake: Fake, args: tuple[str, ...]) -> None:
    """Before anything is built."""
    before = tree(shop)
    result = gorewrite("verify", *args)
    assert result.exit_code == 2
    assert any(said in result.stderr for said in ("rror: ", "cannot", "o such "))
    assert fake.builds == []
    assert tree(shop) == before


def test_no_engine(gorewrite: Gorewrite, fake: Fake) -> None:
    fake.program.unlink()
    result = gorewrite("verify")
    assert result.exit_code == 2
    assert "neither docker nor podman is installed; install Docker Engine" in " ".join(
        result.stderr.split()
    )


def test_one_file_is_wrong(gorewrite: Gorewrite, shop: Path) -> None:
    """The others are verified, and the status tells."""
    services(shop / "sub", wrong="FROM golang\nRUN <<EOF\n")
    (shop / "sub/wrong/Dockerfile").write_text("NONSENSE\x00")
    result = gorewrite("verify", "--quick", "-q", "--output-format", "json", ".", "nowhere")
    assert results(result)[0] == ("Dockerfile", "verified")
    assert result.exit_code == 3
    assert "gorewrite: nowhere" in result.stderr


def test_markdown_into_a_file(gorewrite: Gorewrite, tmp_path: Path) -> None:
    target = tmp_path / "out.md"
    args = ("--output-format", "markdown", "--output-file", str(target))
    result = gorewrite("verify", "--quick", "-q", *args)
    assert (result.exit_code, result.stdout) == (0, "")
    assert target.read_text().startswith("| Dockerfile | result |")
    assert (
        "| <code>Dockerfile</code> | verified | 900.0 MB → 9.0 MB (-99.0 %) | – | – |"
        in target.read_text()
    )


def test_picture(gorewrite: Gorewrite, tmp_path: Path) -> None:
    picture = tmp_path / "out.svg"
    assert gorewrite("verify", "--quick", "-q", "--plot", str(picture)).exit_code == 0
    assert picture.read_bytes().startswith(b"<?xml")


def test_options_of_the_builds(gorewrite: Gorewrite, fake: Fake) -> None:
    args = "--build-arg A=1 --build-arg B=2 --secret id=x --network host".split()
    assert gorewrite("verify", "--quick", "-q", *args).exit_code == 0
    call = next(call for call in fake.calls if "--no-cache" in call)
    wanted = ["--build-arg=A=1", "--build-arg=B=2", "--secret=id=x", "--network=host"]
    assert [word for word in call if word in wanted] == wanted


def test_without_rebuilds(gorewrite: Gorewrite, fake: Fake) -> None:
    """Built once, compared, and run all the same."""
    fake.set("after", code=1)
    result = gorewrite("verify", "--no-rebuilds", "-q", "--output-format", "json")
    (found,) = json.loads(result.stdout)["results"]
    assert [build["tag"] for build in fake.builds] == ["bases", "before", "after"]
    assert found["after"]["seconds"]["source_edit"] is None
    assert [each["what"] for each in found["differences"]] == ["run: state"]


def test_context_that_cannot_be_copied(
    gorewrite: Gorewrite, fake: Fake, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "secret")

    monkeypatch.setattr("shutil.copy2", copy)
    result = gorewrite("verify", "-q", "--output-format", "json")
    assert result.exit_code == 3
    (found,) = json.loads(result.stdout)["results"]
    assert found["verdict"] == "unverified"
    assert found["reason"].startswith("the build context cannot be copied: ")
    assert fake.builds == []


# --- gorewrite --verify ----------------------------------------------------------------


def test_what_verified_is_applied(gorewrite: Gorewrite, shop: Path, fake: Fake) -> None:
    result = gorewrite("--verify")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (shop / "Dockerfile").read_text().startswith("FROM golang:1.24 AS builder\n")
    assert (shop / ".dockerignore").is_file()
    assert "verified: the contract and the run are the same" in result.stderr
    assert "1 Dockerfile: 1 changed" in result.stderr
    # No rebuilds, but a run.
    assert [build["tag"] for build in fake.builds] == ["bases", "before", "after"]
    assert any(call[0] == "run" for call in fake.calls)


@pytest.mark.parametrize(
    ("image", "spec", "verdict"),
    [
        ("after", {"config": BROKEN}, "failed"),
        ("before", {"build_error": "gone"}, "unverified"),
        ("after", {"layers": ["x"]}, "unverified"),
    ],
)
def test_what_did_not_verify_is_not_applied(
    gorewrite: Gorewrite, shop: Path, fake: Fake, image: str, spec: dict[str, Any], verdict: str
) -> None:
    """Nothing is written: content and times of all files are as they were."""
    fake.set(image, **spec)
    before = tree(shop)
    result = gorewrite("--verify", QUICK)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"  {verdict}: " in result.stderr
    assert "1 held back" in result.stderr
    assert tree(shop) == before


def test_run_that_differs_holds_back(gorewrite: Gorewrite, shop: Path, fake: Fake) -> None:
    fake.set("after", code=1)
    before = tree(shop)
    assert gorewrite("--verify").exit_code == 1
    assert tree(shop) == before


def test_only_some_verify(gorewrite: Gorewrite, shop: Path, fake: Fake) -> None:
    services(shop, one=NAIVE, two=NAIVE)
    (shop / "Dockerfile").unlink()
    before = tree(shop / "one")
    # Only the second of all builds after a rewrite is right.
    fake.scenario["after"] = [{"config": BROKEN}, {}]
    fake.save()
    result = gorewrite("--verify", QUICK, "--output-format", "json")
    assert result.exit_code == 1
    files = json.loads(result.stdout)["files"]
    told = [(each["path"], each["verification"]["verdict"]) for each in files]
    assert told == [("one/Dockerfile", "failed"), ("two/Dockerfile", "verified")]
    assert tree(shop / "one") == before
    assert "AS builder" in (shop / "two/Dockerfile").read_text()


def test_preview_writes_nothing(gorewrite: Gorewrite, shop: Path, fake: Fake) -> None:
    before = tree(shop)
    result = gorewrite("--dry-run", "--verify", QUICK)
    assert result.exit_code == 0
    assert "+FROM golang:1.24 AS builder\n" in result.stdout
    assert tree(shop) == before
    fake.configure("after", User="1")
    result = gorewrite("--dry-run", "--verify", QUICK)
    # No patch of what must not be applied.
    assert (result.exit_code, result.stdout) == (1, "")
    assert tree(shop) == before


@pytest.mark.parametrize("user", ["", "1"])
def test_json(gorewrite: Gorewrite, fake: Fake, user: str) -> None:
    fake.configure("after", User=user)
    result = gorewrite("--dry-run", "--verify", QUICK, "--output-format", "json")
    (file,) = json.loads(result.stdout)["files"]
    found = file["verification"]
    assert found["verdict"] == ("failed" if user else "verified")
    assert (found["before"]["size"], found["after"]["size"]) == (900_000_000, 9_000_000)
    assert [each["what"] for each in found["differences"]] == (["user"] if user else [])


def test_json_of_what_is_held_back(gorewrite: Gorewrite, fake: Fake) -> None:
    fake.configure("after", User="1")
    result = gorewrite("--verify", QUICK, "--output-format", "json")
    assert json.loads(result.stdout)["files"][0]["changed"] is False


def test_what_does_not_change_is_not_built(gorewrite: Gorewrite, shop: Path, fake: Fake) -> None:
    (shop / "Dockerfile").write_text("FROM alpine\n")
    result = gorewrite("--verify", "--output-format", "json")
    assert result.exit_code == 0
    assert [file.get("verification") for file in json.loads(result.stdout)["files"]] in ([None], [])
    assert fake.builds == []


def test_verify_options(gorewrite: Gorewrite, fake: Fake) -> None:
    options = ("--network=host", "--build-arg=A=1", "--smoke-env=B=2", "--smoke-args=-x 'y z'")
    assert gorewrite("--verify", *(f"--verify-option={each}" for each in options)).exit_code == 0
    build = next(call for call in fake.calls if "--no-cache" in call)
    assert {"--network=host", "--build-arg=A=1"} <= set(build)
    run = next(call for call in fake.calls if call[0] == "run")
    assert run[-2:] == ["-x", "y z"]
    assert "B=2" in run


@pytest.mark.parametrize(
    "option",
    [
        "--no-such",
        "--engine=lxc",
        "--timeout=none",
        "--smoke-args='open",
        "--plot=out.svg",
        "--review",
        "services/shop",
        "--help",
    ],
)
def test_wrong_verify_option(gorewrite: Gorewrite, shop: Path, fake: Fake, option: str) -> None:
    fake.set("before", build_error="not to be built")
    before = tree(shop)
    result = gorewrite("--verify", f"--verify-option={option}")
    assert result.exit_code == 2
    assert fake.builds == []
    assert tree(shop) == before


def test_verify_needs_an_engine(gorewrite: Gorewrite, shop: Path, fake: Fake) -> None:
    fake.program.unlink()
    before = tree(shop)
    assert gorewrite("--verify").exit_code == 2
    assert tree(shop) == before


def test_standard_input_cannot_be_verified(gorewrite: Gorewrite) -> None:
    assert gorewrite("--verify", "-").exit_code == 2


# --- files that share a context --------------------------------------------------------


@pytest.fixture
def shared(shop: Path) -> Path:
    """Two Dockerfiles with one context; the ignore file is written with the first."""
    repository(shop, {"a.Dockerfile": NAIVE, "b.Dockerfile": NAIVE, "cmd/x/main.go": MAIN})
    (shop / "Dockerfile").unlink()
    return shop


def diffs(result: Result) -> dict[str, str]:
    return {file["path"]: file["diff"] for file in json.loads(result.stdout)["files"]}


@pytest.mark.parametrize("preview", [True, False])
def test_ignore_file_of_what_is_held_back_is_forgotten(
    gorewrite: Gorewrite, shared: Path, fake: Fake, preview: bool
) -> None:
    """The next file of the context is planned as if the first were not there to be rewritten."""
    args = ("--dry-run",) if preview else ()
    fake.scenario["after"] = [{"config": BROKEN}, {}]
    fake.save()
    result = gorewrite("--verify", QUICK, "--output-format", "json", *args)
    assert result.exit_code == 1
    second = diffs(result)["b.Dockerfile"]
    assert "+++ b/.dockerignore" in second
    assert "--- /dev/null" in second
    ignores = [build["ignore"] for build in fake.builds if build["tag"] == "after"]
    assert ignores[0] == ignores[1]
    assert (shared / ".dockerignore").exists() is not preview
    assert (shared / "a.Dockerfile").read_text() == NAIVE


def test_ignore_file_of_what_verified_is_kept(
    gorewrite: Gorewrite, shared: Path, fake: Fake
) -> None:
    """The second is held back: what was planned with the first stays for the third."""
    repository(shared, {"c.Dockerfile": NAIVE})
    fake.scenario["after"] = [{}, {"config": BROKEN}, {}]
    fake.save()
    told = diffs(gorewrite("--verify", QUICK, "--output-format", "json"))
    assert "+++ b/.dockerignore" in told["a.Dockerfile"]
    assert "--- /dev/null" not in told["c.Dockerfile"]
    assert (shared / ".dockerignore").exists()


@pytest.mark.parametrize("preview", [True, False])
def test_callers_that_several_share(gorewrite: Gorewrite, shared: Path, preview: bool) -> None:
    """Each is planned with what was written for the ones before; the diffs add up to the same."""
    lines = [f"{name}:\n\tdocker build -f {name}.Dockerfile .\n" for name in "ab"]
    repository(shared, {"Makefile": "".join(lines)})
    before = tree(shared)
    patch = gorewrite("--verify", QUICK, "--dry-run", "--output-format", "patch").stdout_bytes
    assert patch.count(b"+++ b/Makefile\n") >= 1
    if preview:
        assert tree(shared) == before
        (shared / ".git").rmdir()
        subprocess.run(["git", "apply"], cwd=shared, input=patch, check=True)
    else:
        assert gorewrite("--verify", QUICK).exit_code == 0
    assert (shared / "Makefile").read_text().count("DOCKER_BUILDKIT") >= 1
    assert gorewrite("--check").exit_code == 0


def test_another_carries_what_was_dropped(shared: Path) -> None:
    workspace = Workspace(available(), Safety.SAFE)

    def files(name: str) -> list[str]:
        result = workspace.rewrite(shared / name, name, Config())
        if name == dropped:
            workspace.drop(result)
        return [file.path for file in result.plan.files]

    dropped = "a.Dockerfile"
    assert files("a.Dockerfile") == [".dockerignore"]
    assert files("b.Dockerfile") == [".dockerignore"]
    assert files("a.Dockerfile") == [], "carried by the second"
    dropped = "b.Dockerfile"
    assert files("b.Dockerfile") == files("a.Dockerfile") == [".dockerignore"]
