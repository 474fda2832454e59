"""Builds in Tiltfiles and other Starlark files.

Paths are relative to the file's own directory. Sources: Tilt API reference (`docker_build`,
`custom_build`, `local`, `local_resource`), tilt-extensions (restart_process, podman, nerdctl).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gorewrite.callers import places
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.pycommands import Host, arguments, builds, inside, moved, shown, tags
from gorewrite.callers.pyexpressions import Called
from gorewrite.callers.pyfollow import follow
from gorewrite.callers.pyvalues import Value, plain, spread
from gorewrite.evidence import Evidence

_BUILD: Final = re.compile(r"docker_build(_with_restart|_sub)?")
_BECAUSE: Final = "Tilt builds with BuildKit where the engine knows it (Docker 18.09)"
_OTHER: Final = re.compile(r"(podman|nerdctl)_build")
#: Functions that run commands, with these arguments and their positions.
_RUNS: Final = {
    "custom_build": {"command": 1},
    "custom_build_with_restart": {"command": 1},
    "local": {"command": 0},
    "local_resource": {"cmd": 1, "serve_cmd": 4},
}


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of a Starlark file."""
    yield from dict.fromkeys(_calls(source))


def _calls(source: Source) -> Iterator[BuildCall]:
    host, home = Host(source), places.absolute(source.directory)
    names: dict[str, Value] = {
        "__file__": f"{places.ROOT}/{source.path}",
        "config.main_dir": home,
    }
    for called in follow(source.data, names):
        if _BUILD.fullmatch(called.name):
            yield from _build(called, host, home)
        elif _OTHER.fullmatch(called.name):
            yield from _other(called, host, home)
        elif called.name in _RUNS:
            yield from _run(called, host, home)


def _build(called: Called, host: Host, home: str) -> Iterator[BuildCall]:
    """`docker_build(ref, context, dockerfile=…)`, whose Dockerfile is relative to the file, too."""
    if called.named.get("dockerfile_contents") is not None:
        return
    plainly = called.name == "docker_build"
    path = _argument(called, "context", 1)
    file = _argument(called, "dockerfile", 3 if plainly else None)
    target, platform = _argument(called, "target"), called.named.get("platform")
    context = inside(home, path)
    default = places.join(context, "Dockerfile") if context is not None else None
    span = host.span(called.within[0])
    here = host.line(span[0])
    yield BuildCall(
        tool=called.name,
        file=here.path,
        line=here.line,
        text=here.text,
        span=span,
        context=context,
        dockerfile=default if file in (None, "") else inside(home, file),
        written=(shown(path), shown(file)),
        target=target if isinstance(target, str) and target and plain(target) else None,
        args=arguments(_argument(called, "build_args", 2 if plainly else None)),
        platforms=(platform,) if isinstance(platform, str) and platform else (),
        builder=Builder.BUILDKIT,
        builder_because=Evidence("", 0, _BECAUSE),
        syncs=_syncs(called),
        tags=tags(_argument(called, "ref", 0)),
        ignores=_ignores(called),
        entrypoint=_entrypoint(called),
        target_because=host.keyword(called, "target"),
    )


def _other(called: Called, host: Host, home: str) -> Iterator[BuildCall]:
    """`podman_build(ref, context, extra_flags=…)`, `nerdctl_build(ref, context, dockerfile=…)`."""
    command: list[Value] = [called.name.partition("_")[0], "build"]
    command += spread(called.named.get("extra_flags") or [])
    if (file := called.named.get("dockerfile")) is not None:
        command += ["--file", file]
    command.append(_argument(called, "context", 1))
    for call in builds(command, host, called, home, {}):
        name = tags(_argument(called, "ref", 0))
        yield call._replace(tool=called.name, syncs=_syncs(called), tags=name)


def _run(called: Called, host: Host, home: str) -> Iterator[BuildCall]:
    where = called.named.get("dir")
    env = called.named.get("env")
    environ = {**called.environ, **env} if isinstance(env, dict) else called.environ
    cwd = home if where is None else moved(home, where)
    for parameter, position in _RUNS[called.name].items():
        command = _argument(called, parameter, position)
        for call in builds(command, host, called, cwd, environ):
            if called.name.startswith("custom_build"):
                name = tags(_argument(called, "ref", 0))
                tagged = (*call.tags, *name)
                started = _entrypoint(called)
                call = call._replace(syncs=_syncs(called), tags=tagged, entrypoint=started)
            yield call


def _argument(called: Called, name: str, position: int | None = None) -> Value:
    """An argument by its name or position; what `**unknown` may hold is not known."""
    if name in called.named:
        return called.named[name]
    if position is not None and position < len(called.given):
        return called.given[position]
    return called.named.get("**")


def _ignores(called: Called) -> tuple[str, ...]:
    """`ignore` and `only`, which Tilt writes below those of .dockerignore: of `only`, everything
    is left out and these let in again. Where one is not plain, anything may be left out."""
    given = (called.named.get(name) or [] for name in ("ignore", "only"))
    ignored, only = ([each] if isinstance(each, str) else spread(each) for each in given)
    if not all(isinstance(each, str) and plain(each) for each in (*ignored, *only)):
        return ("**",)
    kept = ("**", *(f"!{each}" for each in only)) if only else ()
    return (*kept, *map(str, ignored))


def _entrypoint(called: Called) -> tuple[str, ...]:
    """`entrypoint`, of which a text is given to `sh -c`; () where it is not given or not plain."""
    given = called.named.get("entrypoint") or []
    words = ["sh", "-c", given] if isinstance(given, str) else spread(given)
    plainly = all(isinstance(word, str) and plain(word) for word in words)
    return tuple(map(str, words)) if plainly else ("sh", "-c", "")


def _syncs(called: Called) -> bool:
    """Whether the call copies files into running containers."""
    position = {"docker_build": 5, "docker_build_with_restart": 3}.get(called.name)
    return _argument(called, "live_update", position) not in (None, [], called.named.get("**"))
