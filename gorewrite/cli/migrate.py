"""`gorewrite migrate`: a campaign over many repositories."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gorewrite.cli.help import Sectioned
from gorewrite.cli.interrupts import INTERRUPTED, STOPPED
from gorewrite.cli.planning import Unusable, check_names, settle_colour, transform_options
from gorewrite.cli.pulloptions import FORGES, SHARED
from gorewrite.cli.scale import cpus, shard_of

if TYPE_CHECKING:
    from gorewrite.campaign.access import Access
    from gorewrite.campaign.definition import Definition, Home
    from gorewrite.campaign.driver import Display, Ended, Options
    from gorewrite.campaign.journal import Journal
    from gorewrite.campaign.workers import Planners

    #: What is done with an open journal.
    Work = Callable[[ExitStack, Journal, Access, Display], Ended]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)


def _share(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """A share of all, as 5%. Raises click.BadParameter."""
    if value is None:
        return None
    number, percent, rest = value.partition("%")
    try:
        share = float(number) / 100
    except ValueError:
        share = 0.0
    if rest or not percent or not 0 < share <= 1:
        raise click.BadParameter(f"{value} is no share, as 5%")
    return share


#: The options that a campaign keeps: each is a key of campaign.toml.
_KEPT = (
    click.option(
        "--repos",
        type=_FILE,
        metavar="FILE",
        help="A repository a line: a URL, or OWNER/NAME on the forge.",
    ),
    click.option(
        "--org",
        multiple=True,
        metavar="OWNER",
        help="All repositories of an organisation, group or user (repeatable).",
    ),
    click.option("--match", multiple=True, metavar="GLOB", help="Only those (repeatable)."),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Not those (repeatable)."),
    click.option(
        "--deny", type=_FILE, metavar="FILE", help="Globs of repositories never to touch."
    ),
    click.option(
        "--topic", "topics", multiple=True, metavar="TOPIC", help="Only with a topic (repeatable)."
    ),
    click.option("--archived", is_flag=True, help="Plan archived ones, too."),
    click.option("--forks", is_flag=True, help="Take forks, too."),
    click.option("--base", metavar="BRANCH", help="Not the default branch of each."),
    click.option(
        "--forge",
        type=FORGES,
        help="What they are on; none pushes branches and opens nothing.",
    ),
    click.option("--forge-url", metavar="URL", help="The forge, where it is your own."),
    click.option("--pr/--no-pr", default=None, help="Open pull requests; without, write patches."),
    click.option(
        "--publish",
        multiple=True,
        metavar="GLOB=WHAT",
        help="true, false or draft for some repositories; the last that matches counts.",
    ),
    click.option(
        "--canary", metavar="N%", callback=_share, help="Only for so many of them, by hash."
    ),
    click.option("--reviewers", metavar="WHOM", help="codeowners, none, or NAME,…"),
    click.option(
        "--max-open", type=click.IntRange(min=0), metavar="N", help="Open ones in a repository."
    ),
    click.option("--max-failures", metavar="N|N%", help="Stop when more repositories fail."),
    *SHARED,
)

#: The options of one run.
_RUN = (
    click.option(
        "--only",
        type=click.Choice(["failed", "blocked"]),
        help="Only what failed, or where a pull request is blocked, stopped or waits.",
    ),
    click.option("--rescan", is_flag=True, help="Look at all again, the last scan done or not."),
    click.option("--dry-run", is_flag=True, help="Say what would be proposed, propose nothing."),
    click.option("--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="Processes."),
    click.option(
        "--timeout-per-repository",
        type=click.FloatRange(min=1),
        metavar="SECONDS",
        help="Give one up after so long (900).",
    ),
    click.option(
        "--memory-per-worker",
        type=click.IntRange(min=64),
        metavar="MIB",
        help="Address space that each process may use.",
    ),
    click.option("--shard", callback=shard_of, metavar="I/N", help="The I-th of N parts of them."),
    click.option("--scheduler", metavar="URL", help="Plan on the workers of a Dask scheduler."),
    click.option(
        "--max-wait",
        type=click.IntRange(min=0),
        metavar="SECONDS",
        help="End rather than wait longer for the rate at once (3600).",
    ),
    click.option("--keep-clones", is_flag=True, help="Leave clones in the campaign's directory."),
    click.option("--quiet", "-q", is_flag=True, help="Errors only."),
    click.option("--color/--no-color", default=None, help="Colour, whatever the terminal says."),
)


def _named(_: click.Context, __: click.Parameter, value: str) -> Path:
    """A campaign's directory. Raises click.BadParameter for an empty name."""
    if not value:
        raise click.BadParameter("is empty; name a directory, as `slim`")
    return Path(value)


campaign_option = click.option(
    "--campaign",
    type=click.Path(file_okay=False),
    callback=_named,
    required=True,
    metavar="DIR",
    help="The campaign's directory; its last part names the campaign.",
)


def _options(command: Any) -> Any:
    for option in reversed((campaign_option, *_KEPT, *_RUN)):
        command = option(command)
    return command


@click.command(cls=Sectioned, short_help="Plan, and propose, in many repositories.")
@click.argument("clones", required=False, type=_DIRECTORY, metavar="[CLONES]")
@_options
@transform_options
@click.pass_context
def migrate(ctx: click.Context, /, campaign: Path, **options: Any) -> None:
    """Run a campaign: plan many repositories, write patches, and with --pr open pull requests.

    The repositories come from --org, --repos, or CLONES, a directory with clones, which are read
    and never written. What is planned is the tip of each default branch.

    \b
      gorewrite migrate --campaign slim --org acme          write patches, look
      gorewrite migrate --campaign slim --pr --canary 5%    begin with some
      gorewrite migrate --campaign slim --canary 100%       go on with all
      gorewrite status --campaign slim

    The campaign's directory keeps the options and what became of each repository. A run goes on
    where the last one ended, however that was; when all is done, the next one looks at all again.

    Exit status: 0 done; 2 wrong usage, or no way to the forge; 3 some repositories failed, the
    others are done; 4 ended early (a rate, --max-failures): run it again.
    """
    settle_colour(ctx, options["color"])
    ctx.exit(Campaigning(campaign, options).migrate(_given(ctx)))


def _given(ctx: click.Context) -> dict[str, Any]:
    """What was said on the command line of what a campaign keeps, by key."""
    from gorewrite.campaign.definition import keys

    found: dict[str, Any] = {}
    for key, field in keys().items():
        value = ctx.params.get(field.name)
        if value is None or ctx.get_parameter_source(field.name) is ParameterSource.DEFAULT:
            continue
        found[key] = str(value.resolve()) if isinstance(value, Path) else value
    return found


class Campaigning:
    """One run of a command on a campaign. top: its directory."""

    def __init__(self, top: Path, options: dict[str, Any]) -> None:
        from gorewrite.campaign.definition import Home

        self.options = options
        shard = options.get("shard")
        self.home: Home = Home(top.resolve(), f"{shard[0]}/{shard[1]}" if shard else "")

    def defined(self, given: dict[str, Any] | None = None) -> Definition:
        """The definition, with what is said now over it. Raises Unusable, click.UsageError."""
        from gorewrite.campaign.definition import CampaignError, Definition, over
        from gorewrite.forge.pacing import Rate

        try:
            known = self.home.load()
            if known is None and given is None:
                raise Unusable(
                    f"{self.home.top}: there is no campaign; `gorewrite migrate` makes one"
                )
            definition = over(known or Definition(name=self.home.top.name), given or {})
            if definition.rate:
                Rate.parse(definition.rate)
        except CampaignError as error:
            raise Unusable(str(error)) from None
        except ValueError as error:
            raise click.UsageError(f"--rate: {error}") from None
        if not (definition.org or definition.repos or definition.clones):
            raise click.UsageError("which repositories? Give --org, --repos or CLONES")
        check_names((*definition.select, *definition.ignore))
        return definition

    def _save(self, definition: Definition) -> None:
        """Keeps it for the runs to come. Raises Unusable."""
        from gorewrite.campaign.definition import CampaignError

        try:
            self.home.save(definition)
        except CampaignError as error:
            raise Unusable(str(error)) from None

    def migrate(self, given: dict[str, Any]) -> int:
        """Runs it, and gives the exit status."""
        definition = self.defined(given)
        if definition.closed:
            raise Unusable(
                f'the campaign is closed: {definition.closed}; take "closed" out of '
                f"{self.home.top}/campaign.toml to go on"
            )
        self._save(self._previewed(definition) if self.options["dry_run"] else definition)
        return self.run(definition, self._run_options())

    def _previewed(self, definition: Definition) -> Definition:
        """What is kept of a preview: it lets nothing in that was not before."""
        from gorewrite.campaign.definition import Definition

        known = self.home.load() or Definition()
        return replace(definition, pr=known.pr, publish=known.publish, canary=known.canary)

    def _run_options(self) -> Options:
        from gorewrite.campaign.driver import Options

        options = self.options
        return Options(
            options["shard"],
            options["only"] or "",
            options["dry_run"],
            options["rescan"],
            options["keep_clones"],
        )

    def run(self, definition: Definition, options: Options) -> int:
        """One run, and its exit status. Raises Unusable."""
        from gorewrite.campaign.driver import Driver

        def work(stack: ExitStack, journal: Journal, access: Access, shown: Display) -> Ended:
            planners = stack.enter_context(self._planners())
            elsewhere = bool(self.options.get("scheduler"))
            driver = Driver(
                definition, self.home, journal, planners, access, shown, options,
                elsewhere=elsewhere,
            )  # fmt: skip
            return driver.run()

        return self._watched(definition, self.home.journal, work, dry_run=options.dry_run)

    def close(self, definition: Definition, reason: str, *, dry_run: bool) -> int:
        """Closes the pull requests of all shards, and gives the exit status. Raises Unusable."""
        from gorewrite.campaign.closing import Closer

        def work(_: ExitStack, journal: Journal, access: Access, shown: Display) -> Ended:
            closer = Closer(definition, self.home, journal, access, shown, reason, dry_run=dry_run)
            return closer.run()

        if not dry_run:
            self._save(replace(definition, closed=reason))
        journals = self.home.journals()
        statuses = [self._watched(definition, each, work, dry_run=dry_run) for each in journals]
        return max(statuses, default=0)

    def _watched(self, definition: Definition, path: Path, work: Work, *, dry_run: bool) -> int:
        """Does something with a journal that nobody else uses, and gives the exit status."""
        from gorewrite.campaign.access import LONGEST_WAIT, Access
        from gorewrite.campaign.definition import CampaignError
        from gorewrite.campaign.display import display
        from gorewrite.campaign.journal import Journal, JournalError, only_one
        from gorewrite.cli.interrupts import Interrupts
        from gorewrite.fleet.cluster import ClusterError
        from gorewrite.forge.model import ForgeError

        # A run of hours has to look for garbage, other than those for which `main` does not.
        gc.set_threshold(10_000)
        longest = self.options.get("max_wait")
        wait = LONGEST_WAIT if longest is None else float(longest)
        try:
            with ExitStack() as stack:
                stack.enter_context(Interrupts().entered())
                stack.enter_context(only_one(path))
                journal = stack.enter_context(Journal(path))
                shown = stack.enter_context(display(quiet=self.options["quiet"], dry_run=dry_run))
                answers = self.home.answers
                access = stack.enter_context(
                    Access(definition, shown.say, longest=wait, answers=answers)
                )
                ended = work(stack, journal, access, shown)
            return self._tell(definition, ended)
        except KeyboardInterrupt:
            click.echo("gorewrite: interrupted; run it again to go on", err=True)
            return INTERRUPTED
        except ForgeError as error:
            if error.transient:
                click.echo(f"gorewrite: {error}", err=True)  # It says when to run again.
                return STOPPED
            raise Unusable(str(error)) from None
        except (CampaignError, JournalError, ClusterError) as error:
            raise Unusable(str(error)) from None

    @contextmanager
    def _planners(self) -> Iterator[Planners]:
        from gorewrite.campaign.workers import TIMEOUT, Limits, Workers

        options = self.options
        if options.get("scheduler"):
            for name in ("jobs", "timeout_per_repository", "memory_per_worker", "keep_clones"):
                if options[name]:
                    raise click.UsageError(f"--{name.replace('_', '-')} is not with --scheduler")
            from gorewrite.campaign.cluster import ClusterPlanners

            with ClusterPlanners(options["scheduler"]) as cluster:
                yield cluster
            return
        memory = (options.get("memory_per_worker") or 0) << 20
        limits = Limits(options.get("timeout_per_repository") or TIMEOUT, memory)
        yield Workers(options.get("jobs") or cpus(), limits)

    def _tell(self, definition: Definition, ended: Ended) -> int:
        """Says how the campaign stands after a run, and gives the exit status."""
        from gorewrite.campaign.status import brief, standing

        if not self.options["quiet"]:
            click.echo(brief(standing(definition, self.home)), err=True)
        if ended.why:
            click.echo(f"gorewrite: ended early: {ended.why}", err=True)
            return STOPPED
        return 3 if ended.failed else 0
