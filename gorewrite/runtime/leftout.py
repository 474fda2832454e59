"""Files that the program reads and git leaves out: a `.env`, a configuration with passwords.

Some builds have them and others do not, whatever this checkout has: a `COPY --from` that names one
fails without it, and an image without one may not start. Beside a file that is there for sure a
pattern may match none: `COPY --from=builder /app/server /app/.env* /app/` is what BuildKit, the
classic builder, Kaniko and Buildah take (https://github.com/moby/moby/issues/26332,
https://github.com/GoogleContainerTools/skaffold/pull/744; buildah, copier.copierHandlerStat).
Elsewhere the directory they come in is sure.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from gorewrite.context.gitignore import ignored
from gorewrite.context.globs import has_wildcard, match
from gorewrite.dockerfile import copy_parts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.runtime.carried import Carry
from gorewrite.runtime.requirements import Requirements
from gorewrite.stage.layout import Placed, context_path, under
from gorewrite.stage.places import NO_TREE

#: Of the files that viper reads (https://github.com/spf13/viper, SupportedExts), the usual ones.
_EXTENSIONS = ("yaml", "yml", "json", "toml", "env", "ini", "properties")
#: What a text names that a library is given to open: such a file or a key, or a directory that
#: is built ahead of the image or kept out of git for what it holds.
_NAMED = re.compile(
    rf"[^\s:*]*\.(?:{'|'.join(_EXTENSIONS)}|html|pem|key|crt)|(?:[^\s:*]*/)?\.env[\w.-]*"
    r"|[^\s:*]*/(?:dist|build|out|public|static|assets|www|docs|certs?|keys|secrets|configs?)/?"
)


def left_out(
    stage: StageFacts,
    needs: Requirements,
    words: Iterable[tuple[str, Evidence]],
    carry: Carry,
    workdir: str,
) -> list[Evidence]:
    """Carries such files by a pattern, or the directories that they come in; returns the evidence
    where that is the work directory.

    words: what commands and variables name; carry: `files` and `perhaps` are changed.
    """
    whole: list[Evidence] = []
    files = carry.files
    for path, where in [*files.items(), *_looked_for(needs, words, workdir)]:
        if path in stage.output_paths or path in needs.inventory.written:
            continue
        found = None if needs.inventory.gone(path) else _coming(stage, path)
        if found is None:
            continue
        top, line = found
        if _is_file(path) and _program_beside(stage, files, path):
            carry.perhaps[path] = line
        elif under(workdir, top):
            whole += [where, line]
        elif top not in NO_TREE:
            files[top] = line
        else:
            continue
        files.pop(path, None)
    return whole


def _is_file(path: str) -> bool:
    """Whether a name is that of a file, of which a pattern takes no other directory's contents."""
    name = posixpath.basename(path)
    return name.startswith(".env") or name.endswith(tuple(f".{each}" for each in _EXTENSIONS))


def _program_beside(stage: StageFacts, files: Iterable[str], path: str) -> bool:
    """Whether a program that is copied lies in the directory of a path."""
    directory = posixpath.dirname(path)
    return any(posixpath.dirname(p) == directory and p in stage.output_paths for p in files)


def _looked_for(
    needs: Requirements, words: Iterable[tuple[str, Evidence]], workdir: str
) -> Iterator[tuple[str, Evidence]]:
    """The absolute paths at which the programs look for a file."""
    for program in needs.programs:
        if isinstance(program.needs, Unknown):
            continue
        for read in program.needs.reads:
            written = read.path or read.default
            if written is not None and read.kind != "write":
                for path in _names(written.removeprefix("file://")):
                    yield posixpath.normpath(posixpath.join(workdir, path)), read.evidence
        for mention in program.needs.mentions:
            # Alone in its quotes; a message may name a file, too.
            quoted = any(f"{q}{mention.text}{q}" in mention.evidence.text for q in '"`')
            if quoted and _NAMED.fullmatch(mention.text):
                path = posixpath.normpath(posixpath.join(workdir, mention.text))
                yield path, mention.evidence
    for word, where in words:
        if "." in word and "://" not in word:
            yield posixpath.normpath(posixpath.join(workdir, word)), where


def _names(pattern: str) -> Iterator[str]:
    if pattern.endswith(".*"):
        yield from (f"{pattern[:-1]}{extension}" for extension in _EXTENSIONS)
    elif not any(mark in pattern for mark in "*?["):
        yield pattern


def _coming(stage: StageFacts, path: str) -> tuple[str, Evidence] | None:
    """(the directory of the image that a path comes in, the line by which git leaves it out)."""
    project = stage.facts.project
    for placed in stage.copies.over(path):
        source = placed.source_path(path)
        if source is None:
            continue
        if placed.path is None or not _within(placed, source):
            return None  # Whoever names it cannot do without it.
        if project.context.ignore.excludes(source):
            continue
        line = ignored(project.repository, Path(project.context.root, source))
        return (placed.path, line) if line is not None else None
    return _matched(stage, path)


def _matched(stage: StageFacts, path: str) -> tuple[str, Evidence] | None:
    """The same for a file that a wildcard of a COPY takes in where there is one."""
    project = stage.facts.project
    directory, name = posixpath.split(path)
    for placed in stage.copies.below(directory):
        if placed.origin != "context" or posixpath.dirname(placed.path or "") != directory:
            continue
        for raw in copy_parts(placed.instruction).sources:
            around, pattern = posixpath.split(context_path(raw))
            if has_wildcard(pattern) and match(pattern, name):
                line = ignored(project.repository, Path(project.context.root, around, name))
                if line is not None:
                    return directory, line
    return None


def _within(placed: Placed, source: str) -> bool:
    """Whether a source comes with a directory of the context, not by its own name."""
    return placed.origin == "context" and placed.directory is True and source != placed.source
