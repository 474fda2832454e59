"""What a run says while it goes on and at its end: diffs, errors, the summary or a report."""

from __future__ import annotations

import json
import sys
import zlib
from typing import TYPE_CHECKING, Any, Literal

import click

from gorewrite import __version__
from gorewrite.cli.planning import Output, complain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorewrite.fleet.entries import Entry, Form
    from gorewrite.fleet.spool import Place


class Reporting:
    """What is said of the entries of one run. Of each one little is kept: there may be thousands.

    options: of the command line; output: where diffs and reports go; color: whether in colour,
    None for what the terminal says; dry_run: whether nothing is written.
    """

    def __init__(
        self, options: dict[str, Any], output: Output, color: bool | None, dry_run: bool
    ) -> None:
        from gorewrite.fleet.spool import Spool
        from gorewrite.report import Tally

        self.options = options
        self.output = output
        self.color = color
        self.dry_run = dry_run
        self.tally = Tally()
        self._format: str = options["output_format"]
        #: What cannot be printed before the end: blocks of the summary, parts of the report.
        self._spool = Spool()
        self._places: list[Place] = []

    def form(self) -> Form:
        """What has to be known of each file."""
        from gorewrite.fleet.entries import Form
        from gorewrite.report import terminal_width

        text: Literal["", "block", "json", "document"] = "document"
        if self._format == "text":
            text = "" if self.options["quiet"] else "block"
        elif self._format == "patch":
            text = ""
        elif self._format == "json":
            text = "json"
        diffs = self._format == "patch" or (
            self._format == "text" and bool(self.dry_run or self.options["output_file"])
        )
        return Form(text, diffs, not self.dry_run, self.options["verbose"], terminal_width())

    def add(self, entry: Entry) -> None:
        """Says at once what a reader should not have to wait for: errors and diffs."""
        options = self.options
        self.tally.add(entry, entry.said)
        if entry.error is not None:
            complain(entry.error, verbose=options["verbose"])
        if entry.held_back and (options["quiet"] or self._format != "text"):
            click.echo(f"gorewrite: {entry.display}: not applied: {entry.reason}", err=True)
        if entry.diff:
            self.output.emit(self._coloured(entry.diff))
        if self._format == "json":
            self._emit(",\n" if self.tally.files > 1 else _HEAD, entry.text)
        elif entry.text:
            text = entry.text.encode("utf-8", "surrogatepass")
            self._places.append(self._spool.put(zlib.compress(text, 1)))

    def finish(self, *, interrupted: bool = False) -> None:
        """Says what is said at the end. interrupted: there may be more Dockerfiles."""
        match self._format:
            case "text":
                if not self.options["quiet"]:
                    for block in self._spooled():
                        click.echo(block, err=True)
                    if self.tally.files or not interrupted:
                        click.echo(self.tally.closing(dry_run=self.dry_run), err=True)
            case "patch":
                pass
            case "json":
                summary = json.dumps(self.tally.document(), indent=2).replace("\n", "\n  ")
                start = "\n  ]" if self.tally.files else _HEAD.rstrip() + "]"
                self._emit(f'{start},\n  "summary": {summary}\n}}\n')
            case name:
                from gorewrite.formats import render

                files = [json.loads(text) for text in self._spooled()]
                counts = self.tally.document()
                document = {"version": __version__, "files": files, "summary": counts}
                self.output.emit(render(name, document))

        self._spool.close()

    def _spooled(self) -> Iterator[str]:
        """What had to wait, in its order."""
        for place in self._places:
            yield zlib.decompress(self._spool.get(place)).decode("utf-8", "surrogatepass")

    def status(self) -> int:
        """The exit status."""
        tally = self.tally
        if tally.failed:
            return 2 if tally.failed == tally.files else 3
        return int(bool(tally.held_back or (self.options["check"] and tally.changed)))

    def _emit(self, *texts: str) -> None:
        self.output.emit("".join(texts).encode("utf-8", "replace"))

    def _coloured(self, diff: bytes) -> bytes:
        plain = self._format == "patch" or self.options["output_file"]
        if plain or not (sys.stdout.isatty() if self.color is None else self.color):
            return diff
        from gorewrite.report import coloured

        text = diff.decode("utf-8", "surrogateescape")
        return coloured(text).encode("utf-8", "surrogateescape")


#: What a JSON report begins with, as `json.dumps` with two blanks writes it.
_HEAD = f'{{\n  "version": {json.dumps(__version__)},\n  "files": [\n'
