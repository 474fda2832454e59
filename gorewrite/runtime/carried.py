"""What a runtime stage takes over, as gorewrite.runtime.carry works it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.stage.layout import tops, under


@dataclass
class Carry:
    """What is carried over.

    files: absolute path -> why, in the order in which they are copied; tree: the directory
    kept whole, with the reasons; replay: context copies to repeat instead of a tree, where
    the work directory is one that cannot be kept; doubts: what makes it one to review;
    refusal: (code, message, evidence) when no variant is right; owners: directory -> the
    `user:group` that its copy must say; sources: path -> where it is copied from, when that is
    another one; perhaps: files that some builds have, to be copied beside a program of `files`.
    """

    files: dict[str, Evidence] = field(default_factory=dict)
    tree: str | None = None
    tree_because: list[Evidence] = field(default_factory=list)
    replay: list[Instruction] = field(default_factory=list)
    doubts: list[Unknown] = field(default_factory=list)
    refusal: tuple[str, str, tuple[Evidence, ...]] | None = None
    owners: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    perhaps: dict[str, Evidence] = field(default_factory=dict)

    def paths(self) -> Iterator[str]:
        """The files that the tree does not bring."""
        # What is made anew holds nothing of the old one.
        whole = self.files.keys() - self.sources.keys()
        for path in self.files:
            inside = self.tree is not None and under(path, self.tree)
            nested = not whole.isdisjoint(tops(path) - {path})
            if not inside and not nested:
                yield path
