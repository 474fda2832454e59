"""The comments with which people keep gorewrite away: `# gorewrite: ignore`, `ignore[NAME, …]`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from gorewrite.dockerfile import BodyNode, Comment, Dockerfile, Instruction
from gorewrite.memo import remembered

_OPT_OUT = re.compile(r"#\s*gorewrite:\s*ignore(?:\[([\w\s,-]*)\])?\s*(?:$|\s)")


def opt_out(comment: Comment) -> frozenset[str] | None:
    """The transforms a `# gorewrite: ignore[a, b]` comment names: empty for all of them;
    None when the comment is another one."""
    match = _OPT_OUT.match(comment.text.strip()) if "gorewrite" in comment.text else None
    if not match:
        return None
    return frozenset(name.strip() for name in (match.group(1) or "").split(",") if name.strip())


def whole_file_opt_out(tree: Dockerfile) -> Comment | None:
    """A `# gorewrite: ignore` above the first instruction."""
    for node in tree.body:
        if isinstance(node, Instruction):
            return None
        if isinstance(node, Comment) and opt_out(node) == frozenset():
            return node
    return None


def opted_out(tree: Dockerfile, wanted: Set[BodyNode], name: str) -> Comment | None:
    """The comment in the block right above one of the wanted instructions that forbids a change."""
    protected = _protected(tree)
    if not protected:
        return None
    for node in sorted(wanted & protected.keys(), key=tree.line_of):
        for comment, names in protected[node].items():
            if not names or name in names:
                return comment
    return None


@remembered
def _protected(tree: Dockerfile) -> Mapping[BodyNode, Mapping[Comment, frozenset[str]]]:
    """What has an opt-out in the comment block right above it -> comment -> what it names."""
    found: dict[BodyNode, dict[Comment, frozenset[str]]] = {}
    if not any(isinstance(node, Comment) and opt_out(node) is not None for node in tree.body):
        return found
    block: dict[Comment, frozenset[str]] = {}
    for node in tree.body:
        if isinstance(node, Comment):
            names = opt_out(node)
            if names is not None:
                block[node] = names
            continue
        if block:
            found[node] = block
        block = {}
    return found
