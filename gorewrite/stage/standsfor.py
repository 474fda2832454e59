"""What a word of a script stands for that a shell makes when it runs: `"$f"` in a loop over the
files of a directory, `"$(dirname "$0")/lib.sh"`."""

from __future__ import annotations

import posixpath
import re

from gorewrite.facts import StageFacts
from gorewrite.stage.commands import beside
from gorewrite.stage.scope import State, join

_VARIABLE = re.compile(r'"?\$(?:(\w+)|\{(\w+)\})"?')


def stands_for(
    stage: StageFacts, state: State, text: str, script: str | None, word: str
) -> list[str] | None:
    """The absolute paths that a word of a script with that text may stand for; None when they are
    not known. Empty for the files of a directory of which the image holds none: they are mounted.

    script: the absolute path of what `$0` is.
    """
    around = beside(word, script)
    if around is not None:
        return [around]
    variable = _VARIABLE.fullmatch(word)
    name = (variable[1] or variable[2]) if variable is not None else None
    loop = re.search(rf"\bfor[ \t]+{name}[ \t]+in[ \t]+([^;\n]+)", text) if name else None
    if loop is None or "$" in loop[1] or "`" in loop[1]:
        return None
    found: list[str] = []
    for pattern in loop[1].split():
        path = join(state.workdir, pattern.replace('"', "").replace("'", ""))
        if path is None:
            return None
        found += _matching(stage, path)
    return found


def _matching(stage: StageFacts, pattern: str) -> list[str]:
    directory, name = posixpath.split(pattern)
    source = stage.source_of(directory)
    if source is None:
        return []
    matches = stage.facts.project.context.glob(posixpath.normpath(posixpath.join(source, name)))
    return [posixpath.join(directory, posixpath.basename(match)) for match in matches]
