"""Builds in Python files: commands that they run, docker-py, python-on-whales.

Sources: Python library reference (subprocess, os, asyncio); Invoke (`c.run`), Fabric, nox
(`session.run`), doit (`actions`); Docker SDK for Python (`images.build`), which speaks the API of
the classic builder (docker/docker-py issue 2230); testcontainers (`DockerImage`), which uses that;
python-on-whales (`docker.build`), which runs buildx.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from gorewrite.callers import places
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.pycommands import Host, arguments, builds, inside, moved, shown, tags
from gorewrite.callers.pyexpressions import Called
from gorewrite.callers.pyfollow import follow
from gorewrite.callers.pyvalues import Value, plain
from gorewrite.evidence import Evidence

#: Functions that by their last name run what they are given.
_RUNS: Final = re.compile(
    r"(?i)(?!(?:add|assert|echo|format|has|is|log|mock|parse|print|show|test)_)"
    r"_*(\w+_)?(call|check_call|check_output|cmd|command|exec|execute|getoutput|getstatusoutput"
    r"|invoke|local|popen|run|sh|shell|spawn\w*|subprocess_exec|subprocess_shell|sudo|system)"
    r"(_\w+)?|doit"
)
_MOVES: Final = re.compile(r"os\.chdir|contextlib\.chdir|(?:.*\.)?(?:l?cd|pushd)")
_DOCKER_PY: Final = re.compile(r"(?:.*\.)?(images\.build|(?:api|client|cli|APIClient\(\))\.build)")
_TESTCONTAINERS: Final = re.compile(r"(?:.*\.)?DockerImage")
_WHALES: Final = re.compile(r"(?:.*\.)?(docker|DockerClient\(\))\.(?:(?:image|buildx)\.)?build")


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of a Python file that is run in `source.start`."""
    if any(word in source.data for word in (b"build", b"kaniko", b"DockerImage")):
        yield from dict.fromkeys(_calls(source))


@lru_cache(maxsize=2)
def _followed(path: str, data: bytes) -> tuple[Called, ...]:
    """A file is read once for each directory that it may be run in, and followed once."""
    return follow(data, {"__file__": f"{places.ROOT}/{path}", "__name__": "__main__"})


def _calls(source: Source) -> Iterator[BuildCall]:
    host = Host(source)
    cwd: str | None = places.absolute(source.start)
    #: For each `with` that is open, where its files lay before and whether it leads elsewhere.
    opened: list[tuple[str | None, bool]] = []
    for called in _followed(source.path, source.data):
        last = called.name.rpartition(".")[2]
        if called.name == "with":
            opened.append((cwd, False))
        elif called.name == "__enter__":
            opened[-1] = (opened[-1][0], opened[-1][0] != cwd)
        elif called.name == "__exit__":
            before, leads = opened.pop()
            cwd = before if leads else cwd
        elif _MOVES.fullmatch(called.name) and called.given:
            cwd = moved(cwd, called.given[0])
        elif b"whales" in source.data and _WHALES.fullmatch(called.name):
            yield from _whales(called, host, cwd)
        elif _uses_docker_py(called.name, source.data):
            yield from _docker_py(called, host, cwd)
        elif _RUNS.fullmatch(last):
            yield from _run(called, host, cwd)


def _uses_docker_py(name: str, data: bytes) -> bool:
    if b"testcontainers" in data and _TESTCONTAINERS.fullmatch(name):
        return True
    return b"docker" in data and _DOCKER_PY.fullmatch(name) is not None


def _run(called: Called, host: Host, cwd: str | None) -> Iterator[BuildCall]:
    where = called.named.get("cwd", called.named.get("dir"))
    cwd = cwd if where is None else moved(cwd, where)
    env = called.named.get("env")
    environ = {**called.environ, **env} if isinstance(env, dict) else called.environ
    given = called.given or (called.named.get("args", called.named.get("command")),)
    every: tuple[Value, ...] = given[:1]
    if called.name == "doit" and isinstance(given[0], list):
        every = tuple(given[0])
    elif all(isinstance(word, str) for word in given[1:]) and len(given) > 1:
        every = (list(given),)  # The words one by one, as of `session.run`.
    for command in every:
        yield from builds(command, host, called, cwd, environ)


def _docker_py(called: Called, host: Host, cwd: str | None) -> Iterator[BuildCall]:
    """`client.images.build(path=…, dockerfile=…)`; a Dockerfile is relative to the path."""
    named = called.named
    if named.get("fileobj") is not None or not (
        {"path", "dockerfile"} & named.keys() or called.given
    ):
        return
    path = named.get("path", (called.given or (None,))[0])
    file = named.get("dockerfile", named.get("dockerfile_path", named.get("**")))
    because = "docker-py uses the API of the classic builder (docker/docker-py issue 2230)"
    yield _call(
        "docker-py", called, host, cwd, path, file, Builder.NEVER, because, named.get("buildargs")
    )


def _whales(called: Called, host: Host, cwd: str | None) -> Iterator[BuildCall]:
    """`docker.build(context, file=…)`; the file is relative to where it runs."""
    named = called.named
    path = named.get("context_path", (called.given or (None,))[0])
    file = named.get("file")
    args = named.get("build_args")
    because = "python-on-whales runs buildx"
    call = _call("python-on-whales", called, host, cwd, path, None, Builder.BUILDKIT, because, args)
    if file is not None:
        call = call._replace(dockerfile=inside(cwd, file), written=(call.written[0], shown(file)))
    yield call._replace(exports_layers=bool(named.get("cache_to")))


def _call(
    tool: str,
    called: Called,
    host: Host,
    cwd: str | None,
    path: Value,
    file: Value,
    builder: Builder,
    because: str,
    args: Value,
) -> BuildCall:
    context = inside(cwd, path)
    span = host.span(called.within[0])
    here = host.line(span[0])
    target, platform = called.named.get("target"), called.named.get("platform")
    return BuildCall(
        tool=tool,
        file=here.path,
        line=here.line,
        text=here.text,
        span=span,
        context=context,
        dockerfile=None if context is None else _file(context, file),
        written=(shown(path), shown(file)),
        target=target if isinstance(target, str) and target and plain(target) else None,
        args=arguments(args),
        platforms=(platform,) if isinstance(platform, str) else (),
        builder=builder,
        builder_because=Evidence("", 0, because),
        tags=tags(called.named.get("tag", called.named.get("tags"))),
        target_because=host.keyword(called, "target"),
    )


def _file(context: str, file: Value) -> str | None:
    if file is None:
        return places.join(context, "Dockerfile")
    return places.join(context, file) if isinstance(file, str) else None
