"""What has to hold for every service, whatever is made up."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import NamedTuple

from gorewrite.config import Config
from gorewrite.differ import unified
from gorewrite.dockerfile import Comment, Instruction, parse
from gorewrite.engine import Plan, available
from gorewrite.project import FileError, Result, Workspace
from gorewrite.transform import Safety
from tests.adversarial.bases import Image
from tests.adversarial.build import build, visible
from tests.adversarial.disk import Failure
from tests.adversarial.running import differences, observe
from tests.adversarial.services import Service, service
from tests.repositories import written


class Outcome(NamedTuple):
    """What came of one service.

    built: whether the model could build it before; applied: the names of the transforms that
    changed something without being asked; wrong: what does not hold, empty when all is well.
    """

    built: bool
    applied: tuple[str, ...]
    wrong: tuple[str, ...]


def check(seed: int, top: Path) -> Outcome:
    """Plans the service of a seed in an empty directory, and holds all properties against it."""
    rng = Random(seed)
    made = service(rng)
    repository = top / str(seed)
    try:
        write(repository, made)
        return _Check(made, repository, rng).run()
    finally:
        shutil.rmtree(repository, ignore_errors=True)


def write(top: Path, made: Service) -> None:
    """Writes a service to disk."""
    (top / ".git").mkdir(parents=True)
    for name, text in made.context.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (top / "Dockerfile").write_bytes(made.dockerfile)


class _Check:
    def __init__(self, made: Service, top: Path, rng: Random) -> None:
        self.made, self.top, self.rng = made, top, rng
        self.wrong: list[str] = []

    def run(self) -> Outcome:
        before = self._built(self.made.dockerfile, self.made.context)
        seen = observe(before, self.made.behaviours) if isinstance(before, Image) else {}
        if seen.get("command") != "started":
            seen = {}
        applied: set[str] = set()
        safe = self._plan(self.made.dockerfile, Safety.SAFE)
        if safe is not None:
            applied = {change.transform for change in safe.plan.changes if change.applied}
            self._text(safe, Safety.SAFE)
            self._image(seen, safe, exact=True)
            if self.rng.random() < 0.3:
                self._same_decision(safe)
            if self.rng.random() < 0.1:
                self._same_elsewhere(safe)
        if self.rng.random() < 0.3:
            review = self._plan(self.made.dockerfile, Safety.REVIEW)
            if review is not None:
                self._text(review, Safety.REVIEW)
                self._image(seen, review, exact=False)
        return Outcome(bool(seen), tuple(sorted(applied)), tuple(self.wrong))

    def _plan(self, data: bytes, allowed: Safety) -> Result | None:
        workspace = Workspace(available(), allowed)
        config = Config(review=allowed is Safety.REVIEW)
        try:
            return workspace.rewrite(self.top / "Dockerfile", "Dockerfile", config, data)
        except FileError as error:
            self.wrong.append(f"fails: {error}")
            return None

    def _built(self, data: bytes, context: Mapping[str, str]) -> Image | str:
        """The image, or why it cannot be built."""
        files = {**context, "Dockerfile": data.decode()}
        try:
            return build(data, visible(files, context.get(".dockerignore")))
        except Failure as error:
            return str(error)

    def _image(self, seen: Mapping[str, str], result: Result, exact: bool) -> None:
        """The image that is built afterwards does what the old one did. exact: whether all that
        can be seen has to be the same, or only that it can be built and starts."""
        if not seen or not result.plan.changed:
            return
        context = dict(self.made.context)
        for change in result.plan.files:
            context[change.path] = change.new.decode()
        after = self._built(result.plan.new, context)
        kind = "safe" if exact else "reviewed"
        if not isinstance(after, Image):
            self.wrong.append(f"{kind}: does not build any more: {after}")
            return
        different = differences(dict(seen), observe(after, self.made.behaviours))
        if exact:
            self.wrong += [f"{kind}: {each}" for each in different]

    def _text(self, result: Result, allowed: Safety) -> None:
        """The output is a Dockerfile, nothing is lost, a second run changes nothing."""
        plan = result.plan
        if parse(plan.new).to_bytes() != plan.new:
            self.wrong.append("the output does not parse to itself")
        lost = _comments(plan.old) - _comments(plan.new)
        if lost:
            self.wrong.append(f"lost comments: {lost}")
        if not plan.changed:
            return
        if self.rng.random() < 0.02:
            self._patch(plan)
        with written(result):
            second = self._plan(plan.new, allowed)
        if second is not None and second.plan.changed:
            added = diff_text(second.plan.old, second.plan.new)
            self.wrong.append(f"a second run changes something: {added}")

    def _patch(self, plan: Plan) -> None:
        """`git apply` makes of the old file what the plan says."""
        patch = unified(plan.old, plan.new, "Dockerfile")
        for change in plan.files:
            patch += unified(change.old or b"", change.new, change.path, change.old is None)
        ran = subprocess.run(
            ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
            cwd=self.top,
            input=patch,
            capture_output=True,
            check=False,
        )
        if ran.returncode or (self.top / "Dockerfile").read_bytes() != plan.new:
            self.wrong.append(f"git apply: {ran.stderr.decode()}")
        (self.top / "Dockerfile").write_bytes(plan.old)
        for change in plan.files:
            path = self.top / change.path
            if change.old is None:
                path.unlink()
            else:
                path.write_bytes(change.old)

    def _same_decision(self, result: Result) -> None:
        """What means the same is decided the same: see `VARIANTS`."""
        vary = self.rng.choice(VARIANTS)
        data = vary(self.made.dockerfile)
        if data == self.made.dockerfile or b"<<EOF" in data:
            return
        other = self._plan(data, Safety.SAFE)
        if other is not None and _decision(other.plan) != _decision(result.plan):
            a, b = _decision(result.plan), _decision(other.plan)
            self.wrong.append(f"{vary.__name__} decides otherwise: {a - b} became {b - a}")

    def _same_elsewhere(self, result: Result) -> None:
        """Where the repository lies, deep and in a directory with a blank, decides nothing."""
        own = self.top
        self.top = own.parent / f"{own.name} moved" / "a.b" / "golang"
        self.top.parent.mkdir(parents=True)
        own.rename(self.top)
        try:
            other = self._plan(self.made.dockerfile, Safety.SAFE)
        finally:
            self.top.rename(own)
            shutil.rmtree(self.top.parent.parent)
            self.top = own
        if other is not None and (other.plan.new, _decision(other.plan)) != (
            result.plan.new,
            _decision(result.plan),
        ):
            self.wrong.append("another place decides otherwise")


def _decision(plan: Plan) -> Counter[tuple[str, str]]:
    """Which transforms apply or offer how much, and what is refused."""
    return Counter(
        [(c.transform, str(c.applied)) for c in plan.changes]
        + [(r.transform, r.code) for r in plan.refusals]
    )


def _comments(data: bytes) -> Counter[str]:
    return Counter(node.text.strip() for node in parse(data).body if isinstance(node, Comment))


def diff_text(old: bytes, new: bytes) -> str:
    return unified(old, new, "Dockerfile").decode("utf-8", "replace")


# --- variants that mean the same ---------------------------------------------------------------


def crlf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def renamed(data: bytes) -> bytes:
    """The stage `build` under another name."""
    return (
        data.replace(b" AS build", b" AS compile-it")
        .replace(b"--from=build ", b"--from=compile-it ")
        .replace(b"FROM build", b"FROM compile-it")
    )


def commented(data: bytes) -> bytes:
    """A comment at the end, where it is about nothing."""
    return data + (b"" if data.endswith(b"\n") else b"\n") + b"\n# that is all\n"


def spaced(data: bytes) -> bytes:
    """Keywords in small letters, with two blanks behind them."""
    tree = parse(data)
    out = data
    for node in tree.body:
        if isinstance(node, Instruction) and node.keyword in ("WORKDIR", "EXPOSE", "USER", "CMD"):
            old = node.source.encode()
            out = out.replace(
                old,
                old.replace(b" ", b"  ", 1).lower()[: len(node.keyword)]
                + old.replace(b" ", b"  ", 1)[len(node.keyword) :],
            )
    return out


VARIANTS = (crlf, renamed, commented, spaced)
