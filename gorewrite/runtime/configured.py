"""Files that a configuration names: `model: ./data/model.onnx` in a YAML file; or a page, a script.

What a program does with the values of its configuration is seldom told by its sources: it hands
them to libraries, and to commands that it starts. A text that names what is in the image is enough
to keep it there, as in the sources (gorewrite.golang.mentions).
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gorewrite.context import Context
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.files import real
from gorewrite.memo import lasting, remembered
from gorewrite.runtime.named import worth
from gorewrite.runtime.requirements import Requirements
from gorewrite.stage.layout import under

#: How the names of configurations end.
CONFIGURATIONS = (
    *(".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".config"),
    *(".env", ".hcl", ".properties", ".xml"),
)
#: Pages that extend others, scripts that take others in.
_PARTS = (
    *(".html", ".htm", ".gohtml", ".tmpl", ".tpl", ".pongo", ".pongo2", ".jinja", ".j2", ".twig"),
    *(".jet", ".hbs", ".mustache", ".liquid", ".plush", ".css"),
    *(".js", ".mjs", ".lua", ".star", ".tengo", ".jsonnet", ".libsonnet", ".cue"),
)
#: `directory: locales`, `path = "static"`: a single word where the key asks for a place.
_VALUE = re.compile(
    rb"(?im)(?:dir|directory|path|folder|root|file|template|asset|static|public|locale|migration|rule"
    rb"|model|data)s?[\"']?[ \t]*[:=][ \t]*[\"']?([\w-]+)[\"']?[ \t,]*\r?$"
)
#: Larger files hold data, and directories of more files hold no configurations.
_MOST_BYTES, _MOST_FILES = 64 << 10, 200
#: `a/b`, `a.b` or `./a` as a value, or within one; no patterns, no Go files, no URLs.
_PATH_LIKE = re.compile(
    rb"(?<![\w.@+/%$}-])(?=[^\s'\"]*[./])(\.{0,2}/?[\w@+-][\w.@+-]*(?:/[\w.@+-]+)*/?)(?![\w@+/%*-])"
)


def configured(
    stage: StageFacts, needs: Requirements, files: Mapping[str, Evidence], workdir: str
) -> Iterator[tuple[str, Evidence]]:
    """(absolute path, where it is named) of what may be a file for each text in the configurations
    that the programs have: those in `files`, which may grow meanwhile, embedded ones, and those
    that compose mounts.

    A path in a configuration is relative to the work directory or to the configuration itself.
    """
    context = stage.facts.project.context
    waiting = [*_embedded(needs, workdir), *_mounted(stage, workdir)]
    seen: set[str] = set()
    while fresh := [path for path in files if path not in seen]:
        seen.update(fresh)
        sources = ((posixpath.dirname(path), stage.source_of(path)) for path in fresh)
        waiting += [(directory, source) for directory, source in sources if source is not None]
        for directory, source in waiting:
            for text, where in _named(context, source):
                for start in dict.fromkeys((workdir, directory)):
                    path = posixpath.normpath(posixpath.join(start, text))
                    if not under(workdir, path) and worth(stage, text, path):
                        yield path, where
                        if "." not in posixpath.basename(path):
                            # `require('./util')` leaves the ending out.
                            yield path + posixpath.splitext(source)[1], where
        waiting = []


def _embedded(needs: Requirements, workdir: str) -> Iterator[tuple[str, str]]:
    """(where it counts as lying, source) of the files that the programs embed."""
    for program in needs.programs:
        if not isinstance(program.needs, Unknown):
            for embed in program.needs.embeds:
                # What an embedded page extends is embedded, too.
                files = (file for file in embed.files if not file.endswith(_PARTS))
                yield from ((workdir, file) for file in files)


def _mounted(stage: StageFacts, workdir: str) -> Iterator[tuple[str, str]]:
    """(the directory in the container, source) of the files of the context that compose mounts."""
    root = Path(real(stage.facts.project.context.root))
    for service in stage.services:
        for mount in service.mounts:
            if mount.host is not None and mount.host.is_relative_to(root):
                source = mount.host.relative_to(root).as_posix()
                yield posixpath.dirname(mount.target or workdir), source


@remembered
@lasting
def _named(context: Context, source: str) -> tuple[tuple[str, Evidence], ...]:
    """What a configuration of the context names, or the configurations in a directory of it."""
    names = context.walk(source) if context.kind(source) == "dir" else (source,)
    found: dict[str, Evidence] = {}
    for name in itertools.islice(names, _MOST_FILES):
        if not name.endswith((*CONFIGURATIONS, *_PARTS)) and not posixpath.basename(
            name
        ).startswith(".env"):
            continue
        data = context.read(name, _MOST_BYTES) or b""
        for match in itertools.chain(_PATH_LIKE.finditer(data), _VALUE.finditer(data)):
            text = match[1].decode("utf-8", "replace")
            if text not in found and not text.endswith(".go"):
                line = data.count(b"\n", 0, match.start()) + 1
                shown = data.split(b"\n")[line - 1].strip()[:200].decode("utf-8", "replace")
                found[text] = Evidence(name, line, shown)
    return tuple(found.items())
