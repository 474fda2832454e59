"""Which engine is used, and what is said when there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gorewrite.verify.engines import Engine, EngineError, Kind, find_engine
from tests.verify.tools import Fake

Install = Callable[..., Fake]
OLD = {"client": "20.10.24+dfsg1", "server": "20.10.24+dfsg1", "buildx": None}
NO_PLUGIN = {"client": "28.0.4", "server": "28.0.4", "buildx": None}


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts one more program at the end of PATH, which holds nothing else."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    installed: list[Fake] = []

    def add(name: str = "docker", **scenario: object) -> Fake:
        fake = Fake(tmp_path / f"engine{len(installed)}", name, **scenario)
        installed.append(fake)
        monkeypatch.setenv("PATH", ":".join(str(each.bin) for each in installed))
        return fake

    return add


def test_docker_with_buildx(install: Install) -> None:
    fake = install()
    title = "docker buildx v0.22.0, Docker Engine 28.0.4"
    assert find_engine() == Engine("buildx", str(fake.program), title)


def test_old_docker_is_told_to_use_buildkit(install: Install) -> None:
    fake = install(**OLD)
    title = "docker 20.10, Docker Engine 20.10.24+dfsg1"
    expected = Engine("docker", str(fake.program), title, {"DOCKER_BUILDKIT": "1"})
    assert find_engine() == expected


def test_plugin_of_an_old_docker_is_preferred(install: Install) -> None:
    fake = install(**{**OLD, "buildx": "v0.12.1"})
    assert find_engine().kind == "buildx"
    assert find_engine("docker").program == str(fake.program)


def test_docker_that_cannot_build_is_passed_over(install: Install) -> None:
    """A newer client without its plugin stands before an old one, as on a CI machine."""
    install(**NO_PLUGIN)
    old = install(**OLD)
    assert find_engine().program == str(old.program)


def test_buildx_anywhere_in_path_is_preferred(install: Install) -> None:
    install(**OLD)
    second = install()
    assert find_engine().program == str(second.program)


def test_docker_is_preferred_to_podman(install: Install) -> None:
    install("podman")
    docker = install(**OLD)
    assert find_engine().program == str(docker.program)


def test_podman_where_docker_has_no_server(install: Install) -> None:
    install(**{**OLD, "server": None})
    podman = install("podman", server="5.4.2")
    assert find_engine() == Engine("podman", str(podman.program), "podman 5.4.2")


def test_podman_that_is_called_docker(install: Install) -> None:
    """The package podman-docker."""
    shim = install(named="podman version 4.9.3")
    assert find_engine() == Engine("podman", str(shim.program), "podman version 4.9.3")
    # It was not asked what only docker knows.
    assert shim.calls == [["--version"]]


def test_same_program_twice_in_path_is_asked_once(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = install(**NO_PLUGIN)
    (tmp_path / "bin").symlink_to(fake.bin)
    monkeypatch.setenv("PATH", f"{fake.bin}:{tmp_path / 'bin'}")
    with pytest.raises(EngineError):
        find_engine()
    assert fake.calls.count(["--version"]) == 1


@pytest.mark.parametrize(
    ("installed", "wanted", "said"),
    [
        (
            [],
            None,
            "no engine to build with: neither docker nor podman is installed; install Docker "
            "Engine 20.10 or newer (from 23 on with its buildx plugin), or podman",
        ),
        (
            [("docker", NO_PLUGIN)],
            None,
            "no engine to build with: {0} (docker 28.0) has no buildx plugin; install Docker "
            "Engine 20.10 or newer (from 23 on with its buildx plugin), or podman",
        ),
        (
            [("docker", {"server": None})],
            None,
            "{0} reaches no Docker Engine (is it running? is DOCKER_HOST set?)",
        ),
        (
            [("docker", {**OLD, "server": "19.03.15"})],
            None,
            "Docker Engine 19.03.15 has no BuildKit",
        ),
        (
            [("docker", {"server": None}), ("docker", NO_PLUGIN)],
            None,
            "{0} reaches no Docker Engine (is it running? is DOCKER_HOST set?); {1} (docker 28.0) "
            "has no buildx plugin;",
        ),
        (
            [("podman", {"broken": {"version": "Error: cannot set up namespace"}})],
            None,
            "{0} does not work (`podman version` fails)",
        ),
        (
            [("docker", OLD)],
            "buildx",
            "no buildx to build with: {0} is docker 20.10, Docker Engine 20.10.24+dfsg1; install "
            "Docker Engine 20.10 or newer with its buildx plugin",
        ),
        (
            [("docker", {})],
            "podman",
            "no podman to build with: {0} is docker buildx v0.22.0, Docker Engine 28.0.4; install "
            "podman",
        ),
        ([("docker", {"named": "podman version 4.9.3"})], "docker", "{0} is podman version 4.9.3"),
    ],
)
def test_no_engine(
    install: Install, installed: list[tuple[str, dict[str, object]]], wanted: Kind, said: str
) -> None:
    """The text tells what was found, and what to install."""
    programs = [str(install(name, **scenario).program) for name, scenario in installed]
    with pytest.raises(EngineError) as error:
        find_engine(wanted)
    assert said.format(*programs) in str(error.value)
    assert "install" in str(error.value)


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/no/such/interpreter\n", "\x7fELF"])
def test_program_that_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "docker").write_text(text)
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="reaches no Docker Engine"):
        find_engine()


def test_program_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: Fake
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{fake.bin}")
    monkeypatch.setattr("gorewrite.verify.engines._ANSWER_WITHIN", 0.2)
    with pytest.raises(EngineError, match="reaches no Docker Engine"):
        find_engine("podman")
    assert not [
        each for each in fake.processes if "sleep" in Path(f"/proc/{each}/comm").read_text()
    ]


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (
            "buildx",
            "P buildx build --progress plain --build-arg BUILDKIT_CACHE_MOUNT_NS=C --load "
            "--provenance=false --no-cache --target=x --tag T --file F D",
        ),
        (
            "docker",
            "P build --progress plain --build-arg BUILDKIT_CACHE_MOUNT_NS=C "
            "--no-cache --target=x --tag T --file F D",
        ),
        ("podman", "P build --layers --format docker --no-cache --target=x --tag T --file F D"),
    ],
)
def test_build_commands(kind: Kind, command: str) -> None:
    engine = Engine(kind, "P", "title")
    options = ("--target=x",)
    cold = engine.build(Path("F"), Path("D"), "T", cold=True, caches="C", options=options)
    assert cold == command.split()
    warm = engine.build(Path("F"), Path("D"), "T", cold=False, caches="C", options=options)
    assert warm == [word for word in command.split() if word != "--no-cache"]
