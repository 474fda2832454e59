"""Builds in Python files: what is followed, and what is left open."""

from __future__ import annotations

import pytest

from gorewrite.callers import python
from gorewrite.callers.model import BuildCall, Builder, Source


def read(text: str, start: str = ".", path: str = "tools/build.py") -> list[BuildCall]:
    return list(python.calls(Source(path, text.encode(), start)))


def places(text: str, start: str = ".") -> list[tuple[str | None, str | None]]:
    """(context, Dockerfile) of the calls after `import os, subprocess`."""
    return [(c.context, c.dockerfile) for c in read("import os, subprocess\n" + text, start)]


CLASS = """
class Image:
    def __init__(self, path="svc"):
        self.path = path

    def build(self):
        os.system("docker build " + self.path)
"""


@pytest.mark.parametrize(
    "command",
    [
        'subprocess.run(["docker", "build", "svc"])',
        'subprocess.Popen(args=("docker", "build", "svc"))',
        'subprocess.check_output("docker build svc", shell=True)',
        'subprocess.call("docker build svc".split())',
        'import shlex; subprocess.call(shlex.split("docker build svc"))',
        'from subprocess import check_call as c; c(["sudo", "docker", "build", "svc"])',
        'os.system("cd svc && docker build .")',
        'subprocess.run(["docker", "build", "."], cwd="svc")',
        'os.chdir("svc")\nos.system("docker build .")',
        'session.run("docker", "build", "svc", external=True)',
        'with c.cd("svc"):\n    c.run("docker build .")',
        'def task_image():\n    return {"actions": ["docker build svc"]}',
        "async def main():\n    await asyncio.create_subprocess_exec('docker', 'build', 'svc')",
        'cmd = ["docker", "build"]\ncmd.append("svc")\nsubprocess.run(cmd)',
        'cmd = ["docker", "build"]\ncmd += ["-t", tag]\nsubprocess.run([*cmd, *extra, "svc"])',
        'cmd = "docker build"\nif push:\n    cmd += " --push"\nos.system(cmd + " svc")',
        'subprocess.run(["docker", "build", "-t", f"{r}/a:{t}", os.path.join(".", "svc")])',
        'def sh(c, **k):\n    subprocess.run(c, shell=True, **k)\nsh("docker build .", cwd="svc")',
        'def build(path="svc"):\n    os.system(f"docker build {path}")',
        CLASS,
        'top = subprocess.check_output(["git", "rev-parse", "--show-toplevel"]).decode().strip()\n'
        'os.system(f"docker build {top}/svc")',
        'os.system("docker build {}".format(os.environ.get("DIR", "svc")))',
        'if __name__ == "__main__":\n    os.system("docker build %s" % "svc")',
        'DIRS = {"a": "svc"}\nos.system("docker build " + DIRS["a"])',
    ],
)
def test_the_same_build(command: str) -> None:
    assert places(command) == [("svc", "svc/Dockerfile")]


def test_each_round_of_a_loop() -> None:
    text = (
        'for n in ["a", "b"]:\n    os.system("docker build -f {0}/Dockerfile {1}".format(n, "."))\n'
    )
    assert places(text) == [(".", "a/Dockerfile"), (".", "b/Dockerfile")]


def test_where_the_file_stands() -> None:
    text = """
from pathlib import Path
ROOT = Path(__file__).resolve().parent.parent
subprocess.run(["docker", "build", "-f", str(ROOT / "svc" / "Dockerfile"), ROOT])
subprocess.run(["docker", "build", "."], cwd=os.path.dirname(os.path.abspath(__file__)))
"""
    for start in (".", "tools", "elsewhere"):
        assert places(text, start) == [(".", "svc/Dockerfile"), ("tools", "tools/Dockerfile")]


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ('os.system(f"docker build {flags}")', ("", "")),
        ('os.system(f"docker build {args.path}/a")', ("${args.path}/a", "")),
        ('subprocess.run(["docker", "build", "-f", sys.argv[1], "."])', (".", "${sys.argv_1}")),
        (
            'f = "a"\nif x:\n    f = "b"\nsubprocess.run(["docker", "build", "-f", f, "."])',
            (".", "${f}"),
        ),
        ('subprocess.run(["docker", "build", "."], cwd=args.dir)', (".", "")),
        ('os.chdir(tempfile.mkdtemp())\nos.system("docker build .")', (".", "")),
    ],
)
def test_what_is_left_open(command: str, written: tuple[str, str]) -> None:
    (call,) = read("import os, subprocess, sys\n" + command)
    assert call.dockerfile is None
    assert call.written == written


@pytest.mark.parametrize(
    "text",
    [
        'print("docker build .")',
        'log.info("docker build .")\nhelp = "docker build ."',
        'parser.add_argument("--tag", help="docker build -t")',
        'subprocess.run(["docker", "run", "golang", "go", "build", "."])',
        'subprocess.run(["docker", "images"])',
        'mock.assert_called_with(["docker", "build", "."])',
        'if False:\n    os.system("docker build .")',
        'def f():\n    return\n    os.system("docker build .")',
        'print "docker build ."',
        "os.system('docker build .'",
        "client.images.build(fileobj=tar)",
        "\x00",
        "",
        "(" * 5000,
    ],
)
def test_nothing_is_built(text: str) -> None:
    assert places(text) == []


@pytest.mark.parametrize(
    ("text", "builder", "says"),
    [
        ('os.system("docker build .")', Builder.DEFAULT, None),
        ('os.system("DOCKER_BUILDKIT=0 docker build .")', Builder.CLASSIC, "DOCKER_BUILDKIT=0"),
        (
            'os.environ["DOCKER_BUILDKIT"] = "1"\nos.system("docker build .")',
            Builder.BUILDKIT,
            "os.environ[",
        ),
        (
            'subprocess.run(["docker", "build", "."], env={**os.environ, "DOCKER_BUILDKIT": "1"})',
            Builder.BUILDKIT,
            "env={",
        ),
        (
            'e = os.environ.copy()\ne["DOCKER_BUILDKIT"] = "0"\n'
            'subprocess.run(["docker", "build", "."], env=e)',
            Builder.CLASSIC,
            "e[",
        ),
        (
            'os.environ["DOCKER_BUILDKIT"] = flag\nos.system("docker build .")',
            Builder.DEFAULT,
            None,
        ),
        ('os.system("docker buildx build .")', Builder.BUILDKIT, "buildx"),
        ('docker.from_env().images.build(path=".")', Builder.NEVER, "docker-py"),
        ('# testcontainers\nDockerImage(path=".", tag="shop")', Builder.NEVER, "docker-py"),
        ('os.system("/kaniko/executor --context .")', Builder.NEVER, "kaniko"),
    ],
)
def test_builders(text: str, builder: Builder, says: str | None) -> None:
    (call,) = read("import docker, os, subprocess\n" + text)
    assert call.builder is builder
    assert (call.builder_because is None) is (says is None)
    assert call.builder_because is None or (says or "") in call.builder_because.text


def test_docker_py() -> None:
    text = """
import docker
client = docker.DockerClient(base_url="unix:///x")
client.images.build(path="svc", dockerfile="x/Dockerfile", target="t", buildargs={"A": "1", "B": b})
docker.APIClient().build(path=tag)
other.build(path="svc")
"""
    first, second = read(text)
    assert (first.context, first.dockerfile, first.target) == ("svc", "svc/x/Dockerfile", "t")
    assert first.args == (("A", "1"), ("B", None))
    assert text[slice(*first.span)].startswith("client.images.build(")
    assert (second.context, second.line) == (None, 5)


def test_python_on_whales() -> None:
    text = """
from python_on_whales import docker
docker.build("svc", file="x/Dockerfile", build_args={"A": "1"}, cache_to="type=gha")
docker.buildx.build(".", target="dev")
"""
    first, second = read(text)
    assert (first.context, first.dockerfile) == ("svc", "x/Dockerfile")
    assert first.exports_layers
    assert (second.dockerfile, second.target, second.builder) == (
        "Dockerfile",
        "dev",
        Builder.BUILDKIT,
    )


def test_spans_are_bytes_of_the_call_that_says_it() -> None:
    text = '\ufeff# ä\ndef sh(c):\n    os.system(c)\nx = "ü"; sh("docker build svc")\n'
    (call,) = read(text)
    assert text.encode()[slice(*call.span)] == b'sh("docker build svc")'
    assert (call.line, call.text) == (4, 'x = "ü"; sh("docker build svc")')


def test_words_that_are_not_known_keep_their_number() -> None:
    text = 'subprocess.run(["docker", "build", *flags, "-t", tag, "svc"])'
    assert places(text) == [("svc", "svc/Dockerfile")]
    assert places('subprocess.run(["docker", "build", "-t", *words])') == [(None, None)]


def test_a_long_file_ends() -> None:
    loops = "".join(f"{'  ' * n}for x{n} in range_of:\n" for n in range(4))
    text = (
        f"range_of = list('{'a ' * 90}'.split())\n{loops}{'  ' * 4}os.system('docker build svc')\n"
    )
    assert places(text) == [("svc", "svc/Dockerfile")]
