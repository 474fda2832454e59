"""Files that a text of the sources names, and what links below a copied directory lead to.

What opens them is not seen: what is there comes along. See gorewrite.runtime.configured for what
files name.
"""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Iterator, Mapping
from itertools import islice

from gorewrite.evidence import Evidence
from gorewrite.facts import StageFacts
from gorewrite.golang.needs import Mention, ProgramNeeds
from gorewrite.stage.inventory import Inventory
from gorewrite.stage.layout import relative, under

#: Directories that a text of one word hardly means, though they hold no Go.
_FOR_PEOPLE = frozenset(
    (
        "deploy deployments docker docs e2e examples hack node_modules scripts test testdata tests "
        "tools vendor"
    ).split()
)
#: What a directory with sources has beside them.
_CONFIGURATION = re.compile(
    r"\.(?:ya?ml|json|toml|ini|conf|cfg|env|properties|hcl|xml)$|/\.env[\w.]*$"
)
_APART = re.compile(r"[,:;=]")
_MOST = 500


class Named:
    """Tells which files of the image a text names.

    workdir: where relative paths begin.
    """

    def __init__(self, stage: StageFacts, inventory: Inventory, workdir: str) -> None:
        self.stage, self.inventory, self.workdir = stage, inventory, workdir
        self.context = stage.facts.project.context
        self._names: dict[str, frozenset[str]] = {}

    def mentioned(self, needs: ProgramNeeds) -> Iterator[Mention]:
        """The texts of a program that name what is not embedded in it."""
        embedded = {file for embed in needs.embeds for file in embed.files}
        for mention in needs.mentions:
            if self._may_be(mention.text, self.workdir):
                path = posixpath.normpath(posixpath.join(self.workdir, mention.text))
                source = self.stage.source_of(path)
                if source is not None and any(under(file, source) for file in embedded):
                    continue
                if worth(self.stage, mention.text, path):
                    yield mention
                elif source is not None and "." not in mention.text:
                    yield from self._among_sources(mention, source)

    def _among_sources(self, mention: Mention, source: str) -> Iterator[Mention]:
        """The configuration right in a directory that holds sources, too."""
        if posixpath.basename(mention.text.rstrip("/")) not in _FOR_PEOPLE:
            for name in self.context.listdir(source):
                if _CONFIGURATION.search(f"/{name}"):
                    yield mention._replace(text=f"{mention.text.rstrip('/')}/{name}")

    def _may_be(self, text: str, directory: str) -> bool:
        """Whether a text may name something from a directory: the cheap question first."""
        first = posixpath.normpath(text).partition("/")[0] if text[:1] != "/" else ""
        return first in ("", "..") or first in self._right_in(directory)

    def linked(self, files: Mapping[str, Evidence]) -> Iterator[tuple[str, Evidence]]:
        """(absolute path, the link that leads there) of what links below `files`, which may grow
        meanwhile, stand for."""
        seen: set[str] = set()
        while fresh := [path for path in files if path not in seen]:
            seen.update(fresh)
            for path in fresh:
                yield from self._led_to(path)

    def _led_to(self, path: str) -> Iterator[tuple[str, Evidence]]:
        source = self.stage.source_of(path)
        top = self.context.located(source) if source is not None else None
        if source is None or top is None or top[1] != stat.S_IFDIR:
            return
        for name, kind in self._below(top):
            real = self.context.located(name) if kind == stat.S_IFLNK else None
            if real is not None and not under(real[0], top[0]):
                there = posixpath.join(path, relative(name, top[0]) or ".", "..")
                target = posixpath.relpath(real[0], posixpath.dirname(name) or ".")
                found = posixpath.normpath(posixpath.join(there, target))
                yield found, Evidence(name, 0, f"a link to {target}")

    def _below(self, top: tuple[str, int]) -> Iterator[tuple[str, int]]:
        """(context path, type bits) of the first files and links in a directory."""
        waiting, count = [top], 0
        while waiting and count < _MOST:
            path, kind = waiting.pop()
            if kind == stat.S_IFDIR:
                waiting += reversed(self.context.entries(path))
            else:
                count += 1
                yield path, kind

    def _right_in(self, directory: str) -> frozenset[str]:
        """The names of what is known to lie in a directory of the image."""
        names = self._names.get(directory)
        if names is None:
            names = self._names[directory] = frozenset(self._all_in(directory))
        return names

    def _all_in(self, directory: str) -> Iterator[str]:
        for path in (*(placed.path for placed in self.stage.placed), *self.inventory.written):
            if path is not None and (rel := relative(path, directory)) not in (None, "."):
                yield (rel or "").partition("/")[0]
        for placed in self.stage.copies.over(directory):
            source = placed.source_path(directory)
            if source is not None and placed.origin == "context":
                yield from self.context.listdir(source)


def parts(words: str) -> Iterator[str]:
    """What in an argument or a value may be a path: the whole, or one of a list or a pair, as in
    `-template conf.tmpl:conf.yaml`."""
    yield words
    if "://" not in words and (found := _APART.split(words))[1:]:
        yield from filter(None, found)


def worth(stage: StageFacts, text: str, path: str) -> bool:
    """Whether what lies at `path`, which `text` names, is more than sources: a single word stands
    for data only."""
    context, source = stage.facts.project.context, stage.source_of(path)
    if source is None or context.kind(source) != "dir":
        return True
    word = "/" not in text and "." not in text
    if word and posixpath.basename(path) in _FOR_PEOPLE:
        return False
    found = (name.endswith(".go") for name in islice(context.walk(source), _MOST))
    return not any(found) if word else not all(found)
