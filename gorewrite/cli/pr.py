"""`gorewrite pr`: opens pull requests, and keeps those that are open as they should be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gorewrite import __version__
from gorewrite.cli.help import Sectioned
from gorewrite.cli.interrupts import INTERRUPTED, STOPPED
from gorewrite.cli.planning import (
    Output,
    Planning,
    Unusable,
    check_names,
    paths_argument,
    planning_options,
    settle_colour,
    stream_options,
)
from gorewrite.cli.pulloptions import pull_options
from gorewrite.cli.scale import executor, progress, worker_options

if TYPE_CHECKING:
    from gorewrite.fleet.settings import Settings
    from gorewrite.forge.model import Address, Forge
    from gorewrite.forge.pacing import Pacer
    from gorewrite.forge.secrets import Secret
    from gorewrite.git.copy import Checkout, Copy
    from gorewrite.git.run import Git
    from gorewrite.pulls.measured import Results
    from gorewrite.pulls.model import Group, Planned, Step
    from gorewrite.pulls.planning import Scan
    from gorewrite.pulls.publish import Publishing


@click.command(cls=Sectioned)
@paths_argument
@planning_options
@pull_options
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="text, a line for each; or json (docs/pull-requests.md).",
)
@stream_options
@worker_options
@click.option("--no-cache", is_flag=True, help="Plan every file anew.")
@click.pass_context
def pr(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
    """Open pull requests, and keep them up to date.

    They have what is proven safe, with --review also what a person should look at. What is planned
    is the base branch as the remote has it. Your work tree, index and branches stay as they are.
    Run it as often as you like: where nothing is new, nothing is written. PATH limits it to some
    Dockerfiles or directories of the repository.

    \b
    Start with:
      gorewrite pr --dry-run     see every branch, patch and text, write nothing
      gorewrite pr --max-open 5  open five, and more when these are done

    The token comes from the environment (GITHUB_TOKEN, GITLAB_TOKEN, GITEA_TOKEN, GOREWRITE_TOKEN)
    or from `git credential`, see docs/forges.md.

    Exit status: 0 done, or nothing to do; 2 wrong usage, or no way to the forge; 3 some failed, the
    others were done; 4 ended early at a limit: run it again.
    """
    settle_colour(ctx, options["color"])
    ctx.exit(_Pr(paths, options).run())


class _Base(NamedTuple):
    """The branch that pull requests are for, and its tip."""

    name: str
    commit: str


class _Pr(Planning):
    """One run of the command."""

    def __init__(self, paths: tuple[str, ...], options: dict[str, Any]) -> None:
        super().__init__(paths, options)
        self.output = Output(options["output_file"])
        self.kind = "none"
        self.campaign: str = options["campaign"]

    def run(self) -> int:
        """The exit status. Raises click.UsageError, Unusable."""
        from gorewrite.config import ConfigError
        from gorewrite.discovery import DiscoveryError
        from gorewrite.forge.model import ForgeError
        from gorewrite.git.run import GitError
        from gorewrite.pulls.measured import MeasuredError

        self._check()
        try:
            return self._run()
        except ForgeError as error:
            if not error.transient:
                raise Unusable(str(error)) from None
            click.echo(f"gorewrite: {error}", err=True)  # It says when to run again.
            return STOPPED
        except (GitError, ConfigError, DiscoveryError, MeasuredError) as error:
            raise Unusable(str(error)) from None
        except KeyboardInterrupt:
            click.echo("gorewrite: interrupted; run it again to go on", err=True)
            return INTERRUPTED

    def _run(self) -> int:
        from gorewrite.cli.interrupts import Interrupts
        from gorewrite.cli.pulling import Reporting
        from gorewrite.forge.connect import connect
        from gorewrite.git.copy import Checkout, copy_of
        from gorewrite.git.run import Git

        with ExitStack() as stack:
            stack.enter_context(Interrupts().entered())
            checkout = Checkout.at(Path.cwd())
            url = self._url(Git(checkout.top))
            address, secret = self._address(url, checkout)
            network = partial(self._network, secret, url)
            copy = stack.enter_context(copy_of(checkout, network))
            forge = stack.enter_context(
                connect(
                    address,
                    token=secret,
                    pacer=self._pacer(address),
                    log=self._say,
                    ca_file=self.options["ca_file"],
                )
            )
            base = self._base(copy, forge)
            root, scanned, groups = self._planned(checkout, copy, base)
            reporting = Reporting(self.options, self.output, base, scanned)
            options = self._publishing(root, base, forge, scanned, groups)
            return self._published(reporting, forge, copy, groups, options)

    def _published(
        self,
        reporting: Any,
        forge: Forge,
        copy: Copy,
        groups: Sequence[Group],
        options: Publishing,
    ) -> int:
        from gorewrite.pulls.publish import Stopped, publish

        stopped = None
        steps: Iterator[Step] = publish(forge, copy.git, groups, options, self._say)
        try:
            for step in steps:
                reporting.add(step)
        except Stopped as error:
            stopped = error
        reporting.finish(stopped)
        if stopped is not None:
            return STOPPED
        return 3 if reporting.failed else 0

    # --- the forge -----------------------------------------------------------------------

    def _check(self) -> None:
        """Raises click.UsageError for options that cannot be meant."""
        from gorewrite.forge.pacing import Rate

        check_names((*self.options["select"], *self.options["ignore"]))
        try:
            Rate.parse(self.options["rate"] or "1/s")
        except ValueError as error:
            raise click.UsageError(f"--rate: {error}") from None

    def _url(self, git: Git) -> str:
        """That of the remote. Raises GitError, Unusable where there is none of that name."""
        name = self.options["remote"]
        there = git.text("remote").split("\n")
        if name not in there:
            others = f"; name another one by --remote ({', '.join(there)})" if any(there) else ""
            raise Unusable(f"there is no remote {name}{others}")
        return git.text("remote", "get-url", name)

    def _address(self, url: str, checkout: Checkout) -> tuple[Address, Secret | None]:
        """Where the remote lies, and the token for it. Raises ForgeError, Unusable."""
        from gorewrite.forge import tokens
        from gorewrite.forge.address import address_of

        options = self.options
        address = address_of(url, kind=options["forge"], api=options["forge_url"])
        secret = tokens.token_for(address, directory=checkout.top, named=options["forge_url"])
        self.kind = address.kind
        if secret is None and address.kind != "none":
            if not options["dry_run"]:
                raise Unusable(tokens.missing(address))
            self._say(f"{tokens.missing(address)}; what is open already is not known")
            address = address._replace(kind="none")
        if said := tokens.warning(secret):
            self._say(said)
        return address, secret

    def _network(self, secret: Secret | None, url: str) -> dict[str, str]:
        from gorewrite.forge.tokens import git_environment

        return git_environment(secret, url, ca_file=self.options["ca_file"])

    def _pacer(self, address: Address) -> Pacer:
        from gorewrite.forge.pacing import pacer_for

        return pacer_for(address, self.options["rate"], self._say)

    def _base(self, copy: Copy, forge: Forge) -> _Base:
        """The tip of the base branch as the remote has it, which is in the copy then.

        Raises GitError, ForgeError, Unusable.
        """
        from gorewrite.git import remote

        name, place = self.options["base"], self.options["remote"]
        repository = forge.repository()
        if repository.archived:
            raise Unusable(f"{repository.path} is archived: nothing can be proposed there")
        if not repository.can_push:
            raise Unusable(f"the token may not push to {repository.path}; it needs that right")
        default = repository.default_branch or remote.default_branch(copy.git, place)
        name = name or default
        if name != default:
            # Another branch has pull requests of its own.
            self.campaign = f"{self.campaign} on {name}"
        heads = remote.branches(copy.git, place)
        if name not in heads:
            said = f"{place} has no branch {name}" if name else f"{place} names no default branch"
            raise Unusable(f"{said}; give one by --base")
        commit = heads[name]
        if commit not in remote.has(copy.git, [commit]):
            commit = remote.fetch(copy.git, place, [name], 1 if copy.shallow else 0)[name]
        return _Base(name, commit)

    # --- planning ------------------------------------------------------------------------

    def _planned(
        self, checkout: Checkout, copy: Copy, base: _Base
    ) -> tuple[Path, Scan, list[Group]]:
        """(the directory that was planned, what became of the Dockerfiles, those that change).

        In place where that is the same and quicker, else in a checkout of the copy.
        """
        from gorewrite.git.copy import is_clean
        from gorewrite.pulls.drafts import drafts
        from gorewrite.pulls.groups import groups_of

        scope = self._scope(checkout)
        if is_clean(checkout, base.commit):
            scanned = self._scan(checkout.top, checkout, scope)
            groups = groups_of(scanned.planned, scanned.others, scanned.grouper)
            # What is on disk need not be what is stored: line ends, filters of a user's own.
            if not any(draft.problem for draft in drafts(copy.git, base.commit, groups)):
                return checkout.top, scanned, groups
        root = copy.check_out(base.commit)
        scanned = self._scan(root, checkout, scope)
        return root, scanned, groups_of(scanned.planned, scanned.others, scanned.grouper)

    def _scan(self, root: Path, checkout: Checkout, scope: tuple[str, ...]) -> Scan:
        from gorewrite.fleet.memory import Memory
        from gorewrite.pulls.owners import read_owners
        from gorewrite.pulls.planning import scan

        options = self.options
        settings = self._settings(root, checkout)
        memory = None
        if root == checkout.top and not options["no_cache"]:
            memory = Memory.of(root, settings)
        return scan(
            root,
            settings,
            options["group_by"],
            read_owners(root, self.kind),
            scope,
            partial(executor, options),
            partial(progress, quiet=options["quiet"]),
            memory,
            self._objection(),
        )

    def _objection(self) -> Callable[[Planned], str]:
        """Says why a Dockerfile is not proposed: what exactly this patch makes failed when it was
        built. Raises MeasuredError."""
        from gorewrite.pulls.measured import failed

        results = self._results

        def objection(planned: Planned) -> str:
            why = failed(results, planned) if results is not None else ""
            if why:
                self._say(f"{planned.path}: not proposed, its verification failed: {why}")
            return f"its verification failed: {why}" if why else ""

        return objection

    def _settings(self, root: Path, checkout: Checkout) -> Settings:
        """What the command line says about planning, for a directory with the files of the base."""
        settings = self.settings()._replace(here=str(root))
        if settings.context:
            inner = os.path.relpath(settings.context, checkout.top.resolve())
            settings = settings._replace(context=str(root / inner))
        return settings

    def _scope(self, checkout: Checkout) -> tuple[str, ...]:
        """The paths relative to the root of the repository; () for all of it.

        Raises click.UsageError.
        """
        top = checkout.top.resolve()
        found = []
        for name in self.paths:
            place = Path(name)
            real = place.parent.resolve() / place.name if place.name else place.resolve()
            inner = os.path.relpath(real, top)
            if inner.startswith("../") or inner == "..":
                raise click.UsageError(f"{name} is not in the repository {top}")
            found.append(inner)
        return () if "." in found else tuple(sorted(set(found)))

    # --- publishing ----------------------------------------------------------------------

    def _publishing(
        self, root: Path, base: _Base, forge: Forge, scanned: Scan, groups: Sequence[Group]
    ) -> Publishing:
        """What pull requests are made of. Raises ConfigError, MeasuredError, click.UsageError."""
        from gorewrite.git.commits import Identity
        from gorewrite.pulls.convention import Convention
        from gorewrite.pulls.publish import Publishing, asked_of
        from gorewrite.pulls.settings import settings_at
        from gorewrite.pulls.telling import telling

        options = self.options
        convention = Convention(settings_at(root))
        reviewers, codeowners = asked_of(options["reviewers"])
        campaign, words = self.campaign, self.settings().words()
        return Publishing(
            base.name,
            base.commit,
            options["remote"],
            campaign,
            __version__,
            convention,
            Identity.parse(convention.settings.author),
            telling(forge.address, campaign, words, self._results, self._say),
            options["draft"],
            tuple(dict.fromkeys((*convention.settings.labels, *options["label"]))),
            reviewers,
            codeowners,
            options["max_open"] or 0,
            options["sign"],
            options["dry_run"],
            whole=not scanned.grouper.scope,
            kept=scanned.kept(campaign),
            why=scanned.why(campaign),
        )

    @cached_property
    def _results(self) -> Results | None:
        """Those of --verified. Raises MeasuredError."""
        from gorewrite.pulls.measured import read

        return read(self.options["verified"]) if self.options["verified"] else None

    def _say(self, text: str) -> None:
        """Says what is no failure."""
        if not self.options["quiet"]:
            click.echo(f"gorewrite: {text}", err=True)
