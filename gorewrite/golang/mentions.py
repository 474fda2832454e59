"""Texts of a program's own code that may name a file: `"settings/prod.hcl"`.

What a library of its own kind opens cannot be told from its call. A text that names what is in
the image is enough to keep it there.
"""

from __future__ import annotations

import re

from gorewrite.golang.closure import Closure
from gorewrite.golang.needs import Mention
from gorewrite.golang.source import SourceFile
from gorewrite.memo import remembered

_LONGEST = 200
#: What protoc and its plugins write: the paths in it are names, of the .proto files it was made of.
_GENERATED = (".pb.go", ".pb.gw.go", ".pb.validate.go", ".twirp.go")
# `a/b`, `a.b`, `a/` or `a/%s.b`, quoted; no patterns, no Go files, no URLs.
_PATH_LIKE = re.compile(
    rb'["`](?=[^"`]*[./])(\.{0,2}/?[\w@+-][\w.@+-]*(?:/[\w.@+-]+)*(?:/|/[\w.@+%-]+)?)["`]'
)


def find_mentions(closure: Closure) -> tuple[Mention, ...]:
    """The texts that look like paths, each once, without the imports."""
    found: dict[str, Mention] = {}
    for file in closure.own_files:
        if file.path.endswith(_GENERATED):
            continue
        for mention in _mentions(file):
            found.setdefault(mention.text, mention)
    return tuple(found.values())


@remembered
def _mentions(file: SourceFile) -> tuple[Mention, ...]:
    found: dict[str, Mention] = {}
    for start, end in file.strings:
        if end - start > _LONGEST:
            continue
        match = _PATH_LIKE.fullmatch(file.data, start, end)
        text = match[1].decode("utf-8", "replace") if match else ""
        if text and text not in found and text not in file.imported and text[-3:] != ".go":
            found[text] = Mention(text, file.evidence(start))
    return tuple(found.values())
