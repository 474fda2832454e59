"""Files that the plans of several Dockerfiles edit: what was changed so far in this run.

A plan asks for edits at places of a file as it is on disk when the run begins (`SpanEdit`). Joined
one after the other they become diffs of which each applies to what the ones before leave behind.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from gorewrite import files
from gorewrite.files import real
from gorewrite.fleet.entries import Entry, Form, failure
from gorewrite.outcome import Edit, Names, Outcome, Problem
from gorewrite.transform import SpanEdit

#: Bytes of the largest file that is edited.
_LARGEST: Final = 1 << 24


class Ledger:
    """The shared files of one run.

    What the last outcome needs counts when it is taken; what is dropped, as it was held back or
    could not be written, never was.
    """

    def __init__(self, here: str | None = None) -> None:
        self._here = here
        self._files: dict[str, _File] = {}
        #: The whole files that were changed.
        self._touched: set[str] = set()
        self._staged: list[tuple[_File, tuple[SpanEdit, ...]]] = []
        self._touching: tuple[str, ...] = ()

    def joined(self, outcome: Outcome, path: str) -> Outcome:
        """An outcome whose spans are edits of whole files, before those of the Dockerfile that
        needs them: only what no outcome before it has done. path: of its Dockerfile.

        When that cannot be, the outcome is a failure.
        """
        if not outcome.spans:
            return outcome
        names = Names(Path(path), outcome.display, self._here)
        top = outcome.repository or os.path.dirname(real(path))  # noqa: PTH120
        spans: dict[str, list[SpanEdit]] = {}
        for span in outcome.spans:
            place = real(f"{top}/{span.path}")
            # By its own name, so that what two links to it ask for is the same edit.
            own = os.path.relpath(place, real(top))
            spans.setdefault(place, []).append(span._replace(path=own))
        edits = []
        try:
            for place, wanted in spans.items():
                file = self._files.get(place) or _File(Path(place))
                new = file.new(wanted)
                if new:
                    self._files[place] = file
                    self._staged.append((file, new))
                    old = file.text(())
                    edits.append(Edit(place, names.of(place), old, file.text(new)))
        except _Collision as collision:
            self.drop()
            return Outcome(outcome.display, Problem(outcome.display, 0, str(collision)))
        return outcome._replace(edits=(*edits, *outcome.edits), spans=())

    def checked(self, entry: Entry, form: Form) -> Entry:
        """The entry, or a failure when it changes a whole file that one before it changes.

        form: in which the failure is told.
        """
        for path in entry.touched:
            if path not in self._files and path in self._touched:
                self.drop()
                shown = os.path.relpath(path, self._here)
                text = f"another Dockerfile of this run changes {shown}, too; run again"
                return failure(entry.display, text, form)
        self._touching = entry.touched
        return entry

    def take(self) -> None:
        """What was joined and checked last is, or in a preview would be, on disk."""
        for file, new in self._staged:
            file.taken += new
        self._touched.update(path for path in self._touching if path not in self._files)
        self.drop()

    def drop(self) -> None:
        """What was joined and checked last is not going to be written."""
        self._staged = []
        self._touching = ()

    def forget(self) -> None:
        """What was taken is on disk, and what is planned from now on is planned with that."""
        self._files = {}


class _Collision(ValueError):
    """Edits that cannot be joined. The text says which, and what to do."""


class _File:
    """A shared file. original: as it was when it was first asked for; taken: edits of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.original = files.read(path, _LARGEST)
        except OSError as error:
            raise _Collision(f"{path.name} cannot be read: {error.strerror}; run again") from None
        if len(self.original) > _LARGEST:
            raise _Collision(f"{path.name} is larger than {_LARGEST} bytes; edit it by hand")
        self.taken: tuple[SpanEdit, ...] = ()

    def new(self, wanted: Iterable[SpanEdit]) -> tuple[SpanEdit, ...]:
        """Those of the wanted edits that are not there yet. Raises _Collision."""
        found: list[SpanEdit] = []
        for span in wanted:
            if self.original[span.start : span.end] != span.old:
                raise _Collision(f"{span.path} changed since it was read; run again")
            if span in self.taken or span in found:
                continue
            for other in (*self.taken, *found):
                if (span.start < other.end and other.start < span.end) or span.start == other.start:
                    raise _Collision(
                        f"{span.path} has to be edited, where another Dockerfile of this run "
                        "edits it otherwise; run again"
                    )
            found.append(span)
        return tuple(found)

    def text(self, further: Iterable[SpanEdit]) -> bytes:
        """The content with the edits that were taken, and some more."""
        parts, at = [], 0
        for span in sorted((*self.taken, *further), key=lambda each: each.start):
            parts += [self.original[at : span.start], span.new]
            at = span.end
        return b"".join((*parts, self.original[at:]))
