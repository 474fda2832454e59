"""Where package managers are told to look beside the packages of the distribution.

Sources: sources.list(5), apt-key(8), apt_auth.conf(5) of apt 2.6; apk-repositories(5), apk-keys(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gorewrite import shell
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.shell import PackageCommand
from gorewrite.stage.images import Image
from gorewrite.stage.layout import under
from gorewrite.stage.packages import Distro
from gorewrite.stage.runs import Run

#: What holds sources and the keys to them. Not all of /etc/apk: its `world` is what is installed.
_PLACES: dict[Distro, tuple[str, ...]] = {
    "alpine": ("/etc/apk/repositories", "/etc/apk/keys"),
    "debian": ("/etc/apt", "/usr/share/keyrings"),
}
#: Commands that write there.
_TOOLS = {"apt-key": "/etc/apt", "add-apt-repository": "/etc/apt", "extrepo": "/etc/apt"}
#: What a RUN has to say before it is looked at.
_SAID = re.compile(r"/etc/ap[kt]\b|/keyrings\b|\bapt-key\b|\badd-apt-repository\b|\bextrepo\b")
#: Scripts that only set a package source up, or install a tool for builds (their own texts).
_NODESOURCE = r"(?:deb|rpm)\.nodesource\.com/setup_"
_INSTALLERS = re.compile(
    rf"https://(?:{_NODESOURCE}|raw\.githubusercontent\.com/(?:golangci/golangci-lint|"
    r"(?:cosmtrek|air-verse)/air|securego/gosec|goreleaser/[\w-]+|aquasecurity/trivy|anchore/(?:syft|grype)|"
    r"go-task/task)/|taskfile\.dev/install|golangci-lint\.run/install)"
)
#: Options that say from where a package is taken.
_OPTIONS = {
    "apk": ("-X", "--repository", "--allow-untrusted"),
    "apt": ("-t", "--target-release", "--default-release", "--allow-unauthenticated"),
}
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def installer(run: Run, step: shell.Step, name: str) -> bool:
    """Whether a shell is given, through a pipe, a script that sets a package source up or
    installs a tool for builds: `curl -fsSL https://deb.nodesource.com/setup_22.x | bash -`."""
    before = run.text[: step.command.start].replace("\\\n", " ")
    pipe = re.split(r"&&|;|\n", before)[-1]
    return name in ("sh", "bash") and "|" in pipe and bool(_INSTALLERS.search(pipe))


def options(command: PackageCommand) -> str:
    """Those of an installation that say where its packages come from, as a shell reads them."""
    kept = _OPTIONS.get(command.manager, ())
    said = (option for option in command.options if re.split("[ =]", option)[0] in kept)
    return " ".join(shell.quote(word) for option in said for word in option.split(" ", 1))


def is_file(package: str) -> bool:
    """Whether an operand of an installation is a file, and no package of a source."""
    return package.startswith((".", "/")) or package.endswith((".deb", ".apk"))


def package_sources(stage: StageFacts, image: Image) -> dict[str, Evidence]:
    """Paths that have to be there before an image installs packages as the stage does -> why;
    nothing for an image of another release.

    Sources behind https need root certificates, which images of Debian lack.
    """
    found: dict[str, Evidence] = {}
    base = stage.base
    if isinstance(base, Unknown) or (base.libc, base.suite) != (image.libc, image.suite):
        return found
    distro: Distro = "alpine" if image.libc == "musl" else "debian"
    for place in _PLACES[distro]:
        for placed in stage.copies.below(place):
            found.setdefault(place, stage.facts.at(placed.instruction))
    for run in (run for member in stage.lineage for run in member.runs):
        for place in _written(run, distro):
            found.setdefault(place, stage.facts.at(run.instruction))
            if distro == "debian" and "https:" in run.text:
                found.setdefault(BUNDLE, stage.facts.at(run.instruction))
    return found


def _written(run: Run, distro: Distro) -> Iterator[str]:
    nodesource = distro == "debian" and re.search(_NODESOURCE, run.text)
    if nodesource:
        yield from _PLACES[distro]
    if not _SAID.search(run.text):
        return
    for step in run.steps:
        argv = shell.unwrapped(step).argv
        name = (argv[0] or "").rpartition("/")[2] if argv else ""
        paths = [_TOOLS.get(name), *shell.writes(step)]
        if name == "gpg":  # Which writes where an option says.
            paths += [word for word in argv[1:] if word is not None]
        for place in _PLACES[distro]:
            if any(path is not None and under(path, place) for path in paths):
                yield place
