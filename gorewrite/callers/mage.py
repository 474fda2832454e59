"""Targets of mage that call the docker command: `sh.Run("docker", "build", …)`, `exec.Command`.

Only lists of words that stand there are read. Sources: magefile.org, "Magefiles Directory" (they
run in the directory that holds it); package os/exec.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gorewrite.callers import buildcommand, ci, places
from gorewrite.callers.buildcommand import Argument
from gorewrite.callers.commandtexts import listed
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Source

#: The environment that is set in front of a list: `map[string]string{"DOCKER_BUILDKIT": "1"}, `.
_SETTING: Final = re.compile(r'"DOCKER_BUILDKIT":\s*"(\w+)"[^{}"]*\},\s*$')


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of a file."""
    document = Document(source.path, source.data)
    for start, end, words in listed(document.text):
        given = [Argument(word, None if "${" in word else word) for word in words]
        setting = _SETTING.search(document.text, max(0, start - 200), start)
        environment = {"DOCKER_BUILDKIT": setting[1]} if setting is not None else {}
        build = buildcommand.read(given, places.absolute(source.start), environment)
        if build is not None:
            place = ci.at(document, document.line(start))
            because = place if build.because else None
            yield build.call(place, document.bytes_span(start, end), build.builder, because)
