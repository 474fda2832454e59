"""What a campaign is to do, as its campaign.toml says; and where it keeps what.

The first run writes the file; later ones read it, and what is then said on the command line is put
over it and written again. So `gorewrite migrate --campaign NAME` goes on, from anywhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args
from urllib.parse import quote

from gorewrite import __version__
from gorewrite.campaign.stages import Rule, checked
from gorewrite.configkeys import is_image, nearest
from gorewrite.forge.model import KINDS
from gorewrite.pulls.model import Grouping

if TYPE_CHECKING:
    from gorewrite.fleet.settings import Settings

_FILE: Final = "campaign.toml"
_HEAD: Final = (
    "# A campaign of gorewrite. Edit it between runs; options of `gorewrite migrate` are put over\n"
    "# it and written here.\n"
)


class CampaignError(ValueError):
    """A campaign that cannot be run as it is defined. The text is one line."""


def _key(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class Definition:
    """The keys of campaign.toml, with `-` for `_`. Lists are tuples."""

    name: str = _key("gorewrite", "Part of the names of all branches: never change it.")
    repos: str = _key("", "File with a repository a line.")
    org: tuple[str, ...] = _key((), "Organisations, groups or users.")
    clones: str = _key("", "Directory with clones.")
    match: tuple[str, ...] = _key((), "Only repositories that one of these globs matches.")
    exclude: tuple[str, ...] = _key((), "Not those that one of these globs matches.")
    deny: str = _key("", "File with globs of repositories that are never touched.")
    topics: tuple[str, ...] = _key((), "Only repositories with one of these topics.")
    archived: bool = _key(False, "Take archived repositories, too (never a pull request there).")
    forks: bool = _key(False, "Take forks, too.")
    base: str = _key("", "Branch that is planned; empty: the default branch of each.")
    forge: str = _key("auto", "auto, github, gitlab, gitea or none.")
    forge_url: str = _key("", "Base URL of the forge's API, where it cannot be told.")
    ca_file: str = _key("", "Certificates of the forge, besides those that are trusted anyway.")
    review: bool = _key(False, "Also apply the changes that ask for a person's review.")
    select: tuple[str, ...] = _key((), "Only these transforms.")
    ignore: tuple[str, ...] = _key((), "Not these transforms.")
    runtime: str = _key("", "Runtime image, as --runtime.")
    pr: bool = _key(False, "Whether pull requests are opened at all.")
    publish: tuple[str, ...] = _key((), "GLOB=true, false or draft; the last that matches counts.")
    canary: float = _key(1.0, "Share of the repositories whose pull requests are opened.")
    group_by: str = _key("", "service, owner or repo, as --group-by of `gorewrite pr`.")
    label: tuple[str, ...] = _key((), "Labels of the pull requests.")
    reviewers: str = _key("none", "codeowners, none, or names.")
    sign: bool = _key(False, "Sign commits as the configuration of git says.")
    max_open: int = _key(0, "Open pull requests of one repository; 0: as many as there are.")
    max_failures: str = _key("", "Stop after so many failures, or so large a share (5%).")
    rate: str = _key("", "Writes at the forge, as 20/min,400/h.")
    closed: str = _key("", "Why the campaign is over; set by `gorewrite close`.")

    @property
    def rules(self) -> tuple[Rule, ...]:
        """`publish`, parsed."""
        return tuple(Rule.parse(text) for text in self.publish)

    @property
    def settings(self) -> Settings:
        """What decides the patches, as the command line of `gorewrite` says it."""
        from gorewrite.fleet.settings import Settings

        return Settings(self.select, self.ignore, self.runtime, self.review)

    @property
    def digest(self) -> str:
        """Of all that decides what is planned for a repository at a commit."""
        planned = (self.review, self.select, self.ignore, self.runtime, self.group_by, __version__)
        return hashlib.sha256(json.dumps(planned).encode()).hexdigest()[:16]


def keys() -> dict[str, Field[Any]]:
    """Key as written in the file → its field, in order."""
    return {each.name.replace("_", "-"): each for each in fields(Definition)}


class Home:
    """The directory of a campaign. top: it; part: "I/N" of a shard, "" without shards.

    campaign.toml is what it is to do, journal.sqlite what became of it (journal.I-of-N.sqlite of a
    shard), logs/ and patches/ hold files for each repository.
    """

    def __init__(self, top: Path, part: str = "") -> None:
        self.top = top
        self.part = part

    @property
    def journal(self) -> Path:
        """The journal of this run."""
        return self.top / f"journal{self._suffix}.sqlite"

    @property
    def clones(self) -> Path:
        """Where this run clones."""
        return self.top / f"clones{self._suffix}"

    @property
    def _suffix(self) -> str:
        return f".{self.part.replace('/', '-of-')}" if self.part else ""

    def journals(self) -> list[Path]:
        """All journals that there are, those of all shards."""
        return sorted(self.top.glob("journal*.sqlite"))

    @property
    def answers(self) -> Path:
        """What the forge answered last; it may be removed at any time."""
        return self.top / "answers.sqlite"

    def log(self, name: str) -> Path:
        """The log of a repository."""
        return self.top / "logs" / f"{file_name(name)}.log"

    def patch(self, name: str, key: str = ".") -> Path:
        """The patch of one group of a repository. key: of the group."""
        part = "" if key == "." else f"++{file_name(key)}"
        return self.top / "patches" / f"{file_name(name)}{part}.patch"

    def load(self) -> Definition | None:
        """What campaign.toml says; None where there is none. Raises CampaignError."""
        path = self.top / _FILE
        try:
            return parsed(path.read_text("utf-8"), str(path))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise CampaignError(f"{path}: cannot be read: {error}") from None

    def save(self, definition: Definition) -> None:
        """Writes campaign.toml where it says something else. Raises CampaignError."""
        if self.load() == definition:
            return
        path = self.top / _FILE
        try:
            self.top.mkdir(parents=True, exist_ok=True)
            new = path.with_name(f".{_FILE}.{os.getpid()}")
            new.write_text(_HEAD + written(definition), "utf-8")
            new.replace(path)
        except OSError as error:
            raise CampaignError(f"{path}: cannot be written: {error.strerror}") from None
        except UnicodeEncodeError:
            raise CampaignError(f"{path}: a path or name that is no UTF-8 cannot be kept") from None


def file_name(text: str) -> str:
    """A name of a repository or group as one of a file: `acme/shop` is `acme+shop`."""
    quoted = quote(text, safe="", errors="surrogateescape").replace("%2F", "+")
    if len(quoted) <= 180 and not quoted.startswith("."):
        return quoted
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{quoted[:150].lstrip('.')}~{digest}"


def parsed(text: str, path: str) -> Definition:
    """The definition that a file holds. path: of it, for errors. Raises CampaignError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CampaignError(f"{path}: not TOML: {error}") from None
    return over(Definition(), table, f"{path}: ")


def over(definition: Definition, values: Mapping[str, Any], where: str = "") -> Definition:
    """A definition with other values, by key. where: begins errors. Raises CampaignError."""
    known = keys()
    changed: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise CampaignError(f"{where}unknown key {key}; {nearest(key, tuple(known))}")
        name, default = known[key].name, known[key].default
        if isinstance(default, tuple) and isinstance(value, (list, tuple)):
            value = tuple(value)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(default) or not _plain(value):
            raise CampaignError(f"{where}{key} must be {_KINDS[type(default)]}")
        changed[name] = value
    made = replace(definition, **changed)
    _check(made, where)
    return made


_KINDS: Final = {
    str: "a string",
    tuple: "a list of strings",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
}


def _plain(value: Any) -> bool:
    return not isinstance(value, tuple) or all(isinstance(each, str) for each in value)


def _check(definition: Definition, where: str) -> None:
    """Raises CampaignError for values that mean nothing."""
    try:
        _ = definition.rules
        for glob in (*definition.match, *definition.exclude):
            checked(glob)
        most_failures(definition.max_failures, 1)
    except ValueError as error:
        raise CampaignError(f"{where}{error}") from None
    if not 0 < definition.canary <= 1:
        raise CampaignError(f"{where}canary must be above 0 and at most 1 (100%)")
    if definition.runtime and not is_image(definition.runtime):
        raise CampaignError(f"{where}runtime must be an image")
    if definition.forge not in ("auto", *KINDS):
        raise CampaignError(f"{where}forge must be one of auto, {', '.join(KINDS)}")
    if definition.group_by not in ("", *get_args(Grouping)):
        raise CampaignError(f"{where}group-by must be one of {', '.join(get_args(Grouping))}")
    if not definition.name:
        raise CampaignError(f"{where}name must not be empty")


def most_failures(text: str, count: int) -> float:
    """How many failures are borne among so many repositories; "": any. Raises ValueError."""
    if not text:
        return float("inf")
    number, percent, rest = text.partition("%")
    if rest or not number.isdecimal() or (percent and int(number) > 100):
        raise ValueError(f"max-failures {text}: not a number, as 10, nor a share, as 5%")
    return count * int(number) / 100 if percent else int(number)


def written(definition: Definition) -> str:
    """A definition as TOML: what differs from the defaults, and the name."""
    lines = []
    for key, each in keys().items():
        value = getattr(definition, each.name)
        if value != each.default or key == "name":
            lines.append(f"# {each.metadata['help']}\n{key} = {_toml(value)}\n")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    # Strings of JSON are strings of TOML, but for DEL, which JSON leaves as it is, and for what is
    # beyond U+FFFF, which it writes as two halves.
    plain = list(value) if isinstance(value, tuple) else value
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
