"""Character classes and keyword tables, as BuildKit has them.

Source: moby/buildkit frontend/dockerfile/parser/parser.go (`reWhitespace`, `dispatch`,
`heredocDirectives`) and Go's `unicode.IsSpace`.
"""

from __future__ import annotations

import re

# Go's unicode.IsSpace. Python's str.isspace() also counts U+001C to U+001F, so str.strip()
# without an argument must not be used on Dockerfile text.
SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B)))
SPACE += "\u2028\u2029\u202f\u205f\u3000"

# What separates the keyword from the arguments, and the words of COPY, FROM, EXPOSE …
SEPARATOR = re.compile(r"[\t\v\f\r ]+")

WORD_LISTS = frozenset({"ADD", "COPY", "EXPOSE", "FROM", "VOLUME"})
NAME_VALUES = frozenset({"ENV", "LABEL"})
WHOLE = frozenset({"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
COMMANDS = frozenset({"CMD", "ENTRYPOINT", "RUN", "SHELL"})
JSON_FORMS = COMMANDS | {"ADD", "COPY", "VOLUME", "HEALTHCHECK"}
HEREDOC_FORMS = frozenset({"ADD", "COPY", "RUN"})
KEYWORDS = WORD_LISTS | NAME_VALUES | WHOLE | COMMANDS | {"ARG", "HEALTHCHECK", "ONBUILD"}

_BY_LOWER_CASE = {keyword.lower(): keyword for keyword in KEYWORDS}


def keyword_of(word: str) -> str:
    """The keyword a first word stands for, in upper case.

    BuildKit looks it up by its Go lower case form. Upper-casing a word outside ASCII could
    turn an unknown instruction into a known one ("ſ" is the lower case of "S"), so such a
    word is left as it is.
    """
    known = _BY_LOWER_CASE.get(word.lower())
    if known is not None:
        return known
    return word.upper() if word.isascii() else word
