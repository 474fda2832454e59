"""Reads the command lines of package managers and of the programs that add users.

Sources: apk-tools 2.14 apk(8), apt-get(8) of apt 2.9, dnf(8) of dnf 4.20, microdnf and tdnf
`--help`, zypper(8) 1.14, pip 24 and npm 10 documentation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple


class PackageCommand(NamedTuple):
    """A call of a package manager.

    manager: "apk", "apt", "dnf", "microdnf", "yum", "zypper", "tdnf", "pip" or "npm".
    action: "install", "update" (the index of packages), "upgrade" (installed packages),
            "remove", "clean" (what was downloaded), else the manager's own word, "" for none.
    packages: the operands as written: names with versions, files, `all` of `clean all`.
    options: in their order, each with its separate value behind a blank: "-t .deps".
    virtual: the name of `apk add --virtual NAME`.
    unknown: some words were not known (a variable, a pattern).
    action_index: index of the action's word in argv, -1 for none.
    """

    manager: str
    action: str
    packages: tuple[str, ...]
    options: tuple[str, ...]
    virtual: str | None
    unknown: bool
    action_index: int


_MANAGERS = {
    **{name: name for name in ("apk", "apt", "dnf", "microdnf", "yum", "zypper", "tdnf", "npm")},
    "apt-get": "apt",
    "dnf5": "dnf",
    "dnf4": "dnf",
    "pip3": "pip",
    "pip": "pip",
}
_VERSIONED_PIP = re.compile(r"(?:pip|python)[23](?:\.\d+)?")

_RPM_ACTIONS = {
    **dict.fromkeys(("install", "localinstall", "groupinstall", "reinstall", "in"), "install"),
    **dict.fromkeys(("update", "upgrade", "update-minimal", "distro-sync"), "upgrade"),
    **dict.fromkeys(("remove", "erase", "autoremove", "groupremove"), "remove"),
    "makecache": "update",
    "clean": "clean",
}
_ACTIONS: dict[str, dict[str, str]] = {
    "apk": {"add": "install", "del": "remove", "update": "update", "upgrade": "upgrade"},
    "apt": {
        "install": "install",
        "reinstall": "install",
        "update": "update",
        **dict.fromkeys(("upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade"), "upgrade"),
        **dict.fromkeys(("remove", "purge", "autoremove", "autopurge"), "remove"),
        **dict.fromkeys(("clean", "autoclean", "auto-clean", "distclean"), "clean"),
    },
    **dict.fromkeys(("dnf", "microdnf", "yum", "tdnf"), _RPM_ACTIONS),
    "zypper": {
        **dict.fromkeys(("install", "in"), "install"),
        **dict.fromkeys(("remove", "rm"), "remove"),
        **dict.fromkeys(("refresh", "ref"), "update"),
        **dict.fromkeys(("update", "up", "patch", "dist-upgrade", "dup"), "upgrade"),
        **dict.fromkeys(("clean", "cc"), "clean"),
    },
    "pip": {"install": "install", "uninstall": "remove"},
    "npm": {
        **dict.fromkeys(("install", "i", "add", "ci", "clean-install"), "install"),
        **dict.fromkeys(("uninstall", "remove", "rm", "un"), "remove"),
        **dict.fromkeys(("update", "up", "upgrade"), "upgrade"),
    },
}
_RPM_VALUES = (
    "-x -c -d -e -R --exclude --config --installroot --enablerepo --disablerepo --repo --repoid "
    "--releasever --setopt --forcearch --rpmverbosity --advisory --arch"
)
_VALUES: dict[str, frozenset[str]] = {
    manager: frozenset(names.split())
    for manager, names in {
        "apk": "-p --root -X --repository -t --virtual --keys-dir --repositories-file --wait "
        "--arch --cache-dir --cache-max-age --timeout --progress-fd",
        "apt": "-t --target-release --default-release -o --option -c --config-file -a "
        "--host-architecture",
        **dict.fromkeys(("dnf", "microdnf", "yum", "tdnf"), _RPM_VALUES),
        "zypper": "-R --root -r --repo --from -t --type -D --reposd-dir -p --plus-repo -C",
        "pip": "-r --requirement -c --constraint -i --index-url --extra-index-url -t --target "
        "--prefix --root -f --find-links --timeout --platform --python-version --trusted-host "
        "--cache-dir --proxy --retries -e --editable --no-binary --only-binary --progress-bar",
        "npm": "--prefix --registry -C --cache --loglevel --omit --include -w --workspace --tag",
    }.items()
}


def package_command(argv: Sequence[str | None]) -> PackageCommand | None:
    """What a package manager is told to do; None if `argv` is no call of one.

    argv: the words of the command, None for one (or several) not known. Wrappers such as sudo
    must be off.
    """
    name = (argv[0] or "").rpartition("/")[2] if argv else ""
    start = 1
    if name in {"python", "python3"} or _VERSIONED_PIP.fullmatch(name):
        if not name.startswith("pip"):
            if tuple(argv[1:3]) != ("-m", "pip"):
                return None
            start = 3
        name = "pip"
    manager = _MANAGERS.get(name)
    return None if manager is None else _read(manager, argv, start)


def _read(manager: str, argv: Sequence[str | None], start: int) -> PackageCommand:
    options: list[str] = []
    operands: list[tuple[int, str]] = []
    unknown = False
    virtual: str | None = None
    at = start
    literal = False
    while at < len(argv):
        word = argv[at]
        if word is None:
            unknown = True
        elif literal or not word.startswith("-"):
            operands.append((at, word))
        elif word == "--":
            literal = True
        else:
            name, equals, value = word.partition("=")
            if not equals and word in _VALUES[manager] and at + 1 < len(argv):
                at += 1
                value = argv[at] or ""
                unknown |= argv[at] is None
                word = f"{word} {value}"
            if manager == "apk" and name in {"-t", "--virtual"}:
                virtual = value
            options.append(word)
        at += 1
    index, verb = operands.pop(0) if operands else (-1, "")
    if (manager, verb) == ("apk", "cache") and operands[:1] and operands[0][1] == "clean":
        verb = operands.pop(0)[1]
        action = "clean"
    elif manager in {"npm", "pip"} and verb == "cache":
        action = "clean"
    else:
        action = _ACTIONS[manager].get(verb, verb)
    packages = tuple(text for _, text in operands)
    return PackageCommand(manager, action, packages, tuple(options), virtual, unknown, index)
