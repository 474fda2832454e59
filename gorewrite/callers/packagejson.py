"""The scripts of a package.json: npm runs them in its directory.

Source: npm docs, "scripts".
"""

from __future__ import annotations

from collections.abc import Iterator

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Source
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping, Scalar, read


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the scripts of a package."""
    document = Document(source.path, source.data)
    # JSON is YAML; a tab between its marks is no indentation there.
    documents = read(document.text.replace("\t", " "))
    top = documents[0] if documents else None
    scripts = top.mapping("scripts") if isinstance(top, Mapping) else Mapping((), 1)
    for _, _, node in scripts.items:
        if isinstance(node, Scalar) and "build" in node.text:
            text = ci.excerpt(document, node)
            yield from commands(text, Setting(places.absolute(source.start)), source)
