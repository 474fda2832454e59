"""Texts of a program's own code that may name a file: `"settings/prod.hcl"`.

What a library of its own kind opens cannot be told from its call. A text that names what is in
the image is enough to keep it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gorewrite.golang.closure import Closure
from gorewrite.golang.needs import Mention
from gorewrite.golang.source import SourceFile
from gorewrite.memo import remembered

# A longer literal is a page or a schema, whose words are not looked at.
_LONGEST = 4000
# What a path is written with, patterns and formats included: `locales/*/*.yml`, `logs/%s.log`.
_WORD = re.compile(rb"[\w./@+%*?{}\[\]~\x80-\xff-]+")
_PATTERN = re.compile(r"[%*?{\[]")
# The beginning of a path that is put together, as far as it is written out.
_JOINED = re.compile(rb'\bfilepath\s*\.\s*Join\s*\(\s*((?:"[^"\\\n]*"\s*,\s*)+)(?!")')
_CALL = re.compile(rb"([A-Za-z_]\w*)\s*\.\s*[A-Za-z_]\w*\(\s*(?:[^(){};\n]*,\s*)?\Z")
_QUOTED = re.compile(rb'"([^"]*)"')
# What protoc and its plugins write: the paths in it are names, of the .proto files it was made of.
_GENERATED = (".pb.go", ".pb.gw.go", ".pb.validate.go", ".twirp.go")


def find_mentions(closure: Closure) -> tuple[Mention, ...]:
    """The texts that look like paths, and those of a single word, each once, without the imports.
    Of a pattern it is the directory that it begins with: `locales/`. A word that a function of
    another module is given is written as a path, `./data`."""
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
        if end - start <= _LONGEST:
            for text in path_like(file.data[start + 1 : end - 1]):
                if _given(file, start):
                    text = text if "/" in text or "." in text else f"./{text}"
                if text not in found and text not in file.imported:
                    found[text] = Mention(text, file.evidence(start))
    if b"filepath" in file.data:
        for joined in _JOINED.finditer(file.data):
            parts = _QUOTED.findall(joined[1])
            text = "/".join(part.decode("utf-8", "replace") for part in (*parts, b""))
            found.setdefault(text, Mention(text, file.evidence(joined.start())))
    return tuple(found.values())


def _given(file: SourceFile, start: int) -> bool:
    """Whether a literal is what a function of another module is called with."""
    call = _CALL.search(file.code, max(0, start - 120), start)
    package = file.aliases.get(call[1].decode("utf-8", "replace")) if call is not None else None
    return package is not None and "." in package.partition("/")[0]


def path_like(data: bytes) -> Iterator[str]:
    """What in a text may be a path: the whole, or a word with `/` or `.` in it; no URLs."""
    if b" " in data and b"\n" not in data and (b"/" in data or b"." in data):
        yield data.decode("utf-8", "replace")
    for word in _WORD.finditer(data):
        whole = word.span() == (0, len(data))
        if not whole and b"/" not in word[0] and b"." not in word[0]:
            continue
        text = word[0].decode("utf-8", "replace")
        if pattern := _PATTERN.search(text):
            text = text[: text.rfind("/", 0, pattern.start()) + 1]
        elif not whole:
            text = text.rstrip(".")
        if text.strip("./") and not text.startswith("//") and not text.endswith(".go"):
            yield text
