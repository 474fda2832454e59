"""What `gorewrite pr` says: a line for each pull request, all of it in a preview, or JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from gorewrite import __version__
from gorewrite.cli.planning import Output

if TYPE_CHECKING:
    from gorewrite.pulls.model import Proposal, Step
    from gorewrite.pulls.planning import Scan
    from gorewrite.pulls.publish import Stopped

#: Action -> (what was done, what a preview would do).
_WORDS: Final = {
    "create": ("opened", "would open"),
    "update": ("updated", "would update"),
    "unchanged": ("unchanged", "unchanged"),
    "blocked": ("left alone", "left alone"),
    "stopped": ("stopped", "stopped"),
    "declined": ("declined", "declined"),
    "close": ("closed", "would close"),
    "abandon": ("abandoned", "would abandon"),
    "wait": ("waits", "waits"),
    "failed": ("failed", "would fail"),
}
_COLOURS: Final = {"create": "green", "update": "green", "failed": "red", "wait": "yellow"}
#: In a preview these are shown whole.
_SHOWN: Final = ("create", "update")


class Reporting:
    """What is said of one run.

    options: of the command line; output: where what is asked for goes; base: name and commit of the
    base branch; scanned: what became of the Dockerfiles.
    """

    def __init__(
        self, options: Mapping[str, Any], output: Output, base: tuple[str, str], scanned: Scan
    ) -> None:
        self.options = options
        self.output = output
        self.base = base
        self.scanned = scanned
        self.counts: Counter[str] = Counter()
        self._documents: list[dict[str, Any]] = []
        self._json = options["output_format"] == "json"
        for failure in scanned.failed:
            click.echo(f"gorewrite: {failure}", err=True)

    @property
    def failed(self) -> bool:
        """Whether something was not done that should have been."""
        return bool(self.counts["failed"] or self.scanned.failed)

    def add(self, step: Step) -> None:
        """Says what was done, as soon as it is."""
        self.counts[step.action] += 1
        if self._json:
            self._documents.append(self._document(step))
            return
        quiet = self.options["quiet"] and step.action != "failed"
        if not quiet and (step.action != "unchanged" or self.options["dry_run"]):
            click.echo(self._line(step), err=step.action == "failed")
        if self.options["dry_run"] and step.action in _SHOWN and step.proposal is not None:
            self.output.emit(_preview(step.proposal).encode("utf-8", "replace"))

    def finish(self, stopped: Stopped | None) -> None:
        """Says how it ended."""
        if self._json:
            name, commit = self.base
            document = {
                "version": __version__,
                "base": name,
                "commit": commit,
                "pulls": self._documents,
                "failed": [each._asdict() for each in self.scanned.failed],
                "stopped": _stop(stopped),
                "summary": dict(self.counts),
            }
            text = json.dumps(document, indent=2, ensure_ascii=False)
            self.output.emit(f"{text}\n".encode("utf-8", "replace"))
        elif not self.options["quiet"]:
            click.echo(self._closing(), err=True)
        if stopped is not None:
            again = "" if stopped.until else "; run again to go on"
            click.echo(f"gorewrite: {stopped}{again}", err=True)

    def _line(self, step: Step) -> str:
        done, would = _WORDS[step.action]
        word = would if self.options["dry_run"] else done
        title = step.proposal.title if step.proposal is not None else ""
        head = click.style(word, fg=_COLOURS.get(step.action))
        parts = [f"{head} {step.branch}", title, step.reason, step.url]
        return ": ".join(part for part in parts if part)

    def _closing(self) -> str:
        parts = [
            f"{count} {_WORDS[action][bool(self.options['dry_run'])]}"
            for action, count in self.counts.items()
        ]
        files = len(self.scanned.planned)
        head = f"{files} Dockerfile{'' if files == 1 else 's'} of {self.base[0]} would change"
        asked = sum(_is_opted_out(document) for document in self.scanned.others)
        if asked:
            head += f", {asked} are left alone as the repository asks"
        if not parts:
            return f"{head}; there is nothing to do."
        return f"{head}; pull requests: {', '.join(parts)}."

    def _document(self, step: Step) -> dict[str, Any]:
        found: dict[str, Any] = {
            "action": step.action,
            "branch": step.branch,
            "reason": step.reason,
            "url": step.url,
            "writes": step.writes,
            "pushed": step.pushed,
        }
        proposal = step.proposal
        if proposal is not None:
            group = proposal.group
            found |= {
                "key": group.key,
                "owners": list(group.owners),
                "commit": proposal.commit,
                "parent": proposal.base_commit,
                "title": proposal.title,
                "message": proposal.message,
                "dockerfiles": [each.path for each in group.planned],
            }
            if self.options["dry_run"]:
                found |= {"body": proposal.body, "diff": _diff(proposal)}
        return found


def _is_opted_out(document: Mapping[str, Any]) -> bool:
    """Whether a comment or the configuration asks to leave a Dockerfile alone as a whole."""
    refusals = document.get("refusals", ())
    return any((r["transform"], r["code"]) == ("file", "opted-out") for r in refusals)


def _preview(proposal: Proposal) -> str:
    """A proposal as it would be seen: the commit, its patch, the text."""
    message = "".join(f"    {line}".rstrip() + "\n" for line in proposal.message.splitlines())
    return (
        f"\ncommit {proposal.commit}\nparent {proposal.base_commit}\nbranch {proposal.branch}\n\n"
        f"{message}\n{_diff(proposal)}\n{proposal.body}\n"
    )


def _diff(proposal: Proposal) -> str:
    from gorewrite.pulls.groups import diff_of

    return diff_of(proposal.group).decode("utf-8", "replace")


def _stop(stopped: Stopped | None) -> dict[str, Any] | None:
    return {"reason": str(stopped), "until": stopped.until or None} if stopped else None
