"""The summary that people read."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from gorewrite.context import ContextGuess
from gorewrite.engine import Applied, Plan, Refused
from gorewrite.evidence import Evidence
from gorewrite.outcome import Outcome, Problem, outcome_of
from gorewrite.project import Result
from gorewrite.report import coloured, diff_of, summary
from gorewrite.transform import FileChange, Safety

EVIDENCE = tuple(Evidence("main.go", line, f"word {line}") for line in (1, 2, 3))
CHANGE = Applied("split-stages", Safety.SAFE, 1, "split it", EVIDENCE, True)
OFFER = Applied("slim-base", Safety.REVIEW, 0, "slim it", EVIDENCE[:1], False)
REFUSAL = Refused("merge-runs", "run-not-simple", 4, "not joined", ())


def outcome(
    *said: Applied | Refused,
    new: bytes = b"b\n",
    files: tuple[FileChange, ...] = (),
    display: str = "x/Dockerfile",
) -> Outcome:
    changes = tuple(s for s in said if isinstance(s, Applied))
    refusals = tuple(s for s in said if isinstance(s, Refused))
    plan = Plan(b"a\n", new, files, changes, refusals, ("a note",))
    guess = ContextGuess(Path("/srv/shop"), False, "a guess", ())
    return outcome_of(Result(Path("/srv/shop/x/Dockerfile"), display, plan, guess))


def said(*outcomes: Outcome, verbose: bool = False, dry_run: bool = False) -> str:
    return click.unstyle(summary(outcomes, verbose=verbose, dry_run=dry_run))


def test_nothing_to_say() -> None:
    assert said() == "No Dockerfiles found."
    assert said(outcome(new=b"a\n")) == "1 Dockerfile: 0 changed."
    assert "nothing to do" in said(outcome(new=b"a\n"), verbose=True)


def test_entries() -> None:
    text = said(outcome(CHANGE, OFFER, REFUSAL), dry_run=True)
    assert text == (
        "x/Dockerfile\n"
        "  build context shop/: a guess\n"
        "  + split-stages  line 1: split it\n"
        "      main.go:1: word 1\n"
        "      main.go:2: word 2\n"
        "      and 1 more (--verbose)\n"
        "  ? slim-base (with --review)  slim it\n"
        "      main.go:1: word 1\n"
        "  - merge-runs [run-not-simple]  line 4: not joined\n"
        "\n1 Dockerfile: 1 would change, --review would do more in 1."
    )
    text = said(outcome(CHANGE), verbose=True)
    assert "main.go:3: word 3" in text and "note: a note" in text and "/srv/shop" in text


def test_failures_are_counted_and_not_said_again() -> None:
    failed = Outcome("y", error=Problem("y", 3, "is odd; change it"))
    assert str(failed.error) == "y:3: is odd; change it"
    assert said(failed, outcome()) == "2 Dockerfiles: 1 changed, 1 failed."
    assert diff_of(failed) == b""


@pytest.mark.parametrize("message", ["word " * 60, "x" * 300, "", "é" * 90 + " ü"])
def test_long_messages(message: str) -> None:
    change = Applied("a", Safety.SAFE, 0, message, (), True)
    text = said(outcome(change, new=b"a\n"))
    assert "".join(message.split()) in "".join(text.split())
    assert all(len(line) <= 80 or " " not in line.strip()[8:] for line in text.splitlines())


@pytest.mark.parametrize(
    ("display", "name"),
    [
        ("x/Dockerfile", ".dockerignore"),
        ("shop/x/Dockerfile", "shop/.dockerignore"),
        # Outside of the current directory, and in no repository.
        ("../shop/x/Dockerfile", "srv/shop/.dockerignore"),
        ("Dockerfile", "srv/shop/.dockerignore"),
    ],
)
def test_names_in_patches(display: str, name: str) -> None:
    found = outcome(files=(FileChange(".dockerignore", None, b".git\n"),), display=display)
    assert found.changed
    own = name.replace(".dockerignore", "x/Dockerfile")
    if display == "Dockerfile":
        own = display
    text = diff_of(found).decode()
    assert text.startswith(f"diff --git a/{own} b/{own}\n")
    assert f"\ndiff --git a/{name} b/{name}\nnew file mode" in text


def test_coloured_keeps_the_text() -> None:
    diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n c\n"
    found = coloured(diff)
    assert click.unstyle(found) == diff
    assert "\x1b[31m-a" in found and "\x1b[32m+b" in found and "\n c\n" in found
