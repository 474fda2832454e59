"""Reads useradd, groupadd, adduser and addgroup, in their busybox and Debian forms.

Sources: shadow 4.16 useradd(8) and groupadd(8), busybox 1.37 adduser and addgroup `--help`,
Debian adduser(8) 3.137.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class UserCommand(NamedTuple):
    """A user or group that a command creates.

    kind: "user" or "group".
    uid, gid: as numbers, None when left to the program.
    group: name of the primary group if one is asked for by name.
    home, shell: as given, None for the program's default.
    system: a system account was asked for.
    create_home: None if that depends on the program's configuration or version.
    """

    kind: str
    name: str
    uid: int | None = None
    gid: int | None = None
    group: str | None = None
    home: str | None = None
    shell: str | None = None
    system: bool = False
    create_home: bool | None = None

    @property
    def made_home(self) -> str | None:
        """The home directory that is created and belongs to the user; None when none is."""
        if not self.create_home:
            return None
        home = self.home or (f"/home/{self.name}" if self.kind == "user" else None)
        return None if home in ("/", "/nonexistent") else home


_SHADOW_USER = {
    "-u": "uid",
    "--uid": "uid",
    "-g": "group",
    "--gid": "group",
    "-s": "shell",
    "--shell": "shell",
    "-d": "home",
    "--home-dir": "home",
    "--home": "home",
    **dict.fromkeys(("-c", "--comment", "-G", "--groups", "-k", "--skel", "-p", "--password"), ""),
    **dict.fromkeys(("-b", "--base-dir", "-e", "--expiredate", "-f", "--inactive", "-K"), ""),
    **dict.fromkeys(("--key", "-R", "--root", "-P", "--prefix", "-Z", "--selinux-user"), ""),
}
_SHADOW_GROUP = {
    "-g": "gid",
    "--gid": "gid",
    **dict.fromkeys(("-K", "--key", "-p", "--password", "-R", "--root", "-P", "--prefix"), ""),
    **dict.fromkeys(("-U", "--users"), ""),
}
# adduser: busybox has the short options, both have the long ones.
_ADDUSER = {
    "-u": "uid",
    "--uid": "uid",
    "-G": "group",
    "--ingroup": "group",
    "--gid": "gid",
    "-h": "home",
    "--home": "home",
    "-s": "shell",
    "--shell": "shell",
    **dict.fromkeys(("-g", "--gecos", "-k", "--skel", "--comment", "--conf"), ""),
    **dict.fromkeys(
        ("--firstuid", "--lastuid", "--firstgid", "--lastgid", "--add_extra_groups"), ""
    ),
}
_ADDGROUP = {"-g": "gid", "--gid": "gid", "--conf": "", "--firstgid": "", "--lastgid": ""}
_OPTIONS = {
    "useradd": _SHADOW_USER,
    "groupadd": _SHADOW_GROUP,
    "adduser": _ADDUSER,
    "addgroup": _ADDGROUP,
}
_SYSTEM = {"useradd": "-r", "groupadd": "-r", "adduser": "-S", "addgroup": "-S"}


def user_command(argv: Sequence[str | None]) -> UserCommand | None:
    """The user or group that `argv` (wrappers off) creates.

    None if it creates none (`adduser NAME GROUP` adds a member), and also if any of its words is
    None: an account that is known in part is not known.
    """
    known = [word for word in argv if word is not None]
    program = known[0].rpartition("/")[2] if known else ""
    if program not in _OPTIONS or len(known) < len(argv):
        return None
    values, flags, operands = _parse(known[1:], _OPTIONS[program])
    if len(operands) != 1:
        return None
    for name in ("uid", "gid"):
        if name in values and not values[name].isdecimal():
            return None
    group = values.get("group")
    if group is not None and group.isdecimal():
        values["gid"], group = group, None
    system = _SYSTEM[program] in flags or "--system" in flags
    only_group = program == "adduser" and "--group" in flags and not system
    return UserCommand(
        "group" if only_group or program in {"groupadd", "addgroup"} else "user",
        operands[0],
        int(values["uid"]) if "uid" in values else None,
        int(values["gid"]) if "gid" in values else None,
        operands[0] if "--group" in flags and system and group is None else group,
        values.get("home"),
        values.get("shell"),
        system,
        _creates_home(program, flags, values, system),
    )


def _parse(
    arguments: list[str], options: dict[str, str]
) -> tuple[dict[str, str], set[str], list[str]]:
    """(values by field name, options without value, operands)."""
    values: dict[str, str] = {}
    flags: set[str] = set()
    operands: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            operands += rest
            break
        if not word.startswith("-"):
            operands.append(word)
        elif word.startswith("--"):
            if name in options:
                values[options[name]] = value if equals or not rest else rest.pop(0)
            else:
                flags.add(name)
        else:
            for at, letter in enumerate(word[1:], 2):
                if "-" + letter in options:
                    field = options["-" + letter]
                    values[field] = word[at:] or (rest.pop(0) if rest else "")
                    break
                flags.add("-" + letter)
    return values, flags, operands


def _creates_home(
    program: str, flags: set[str], values: dict[str, str], system: bool
) -> bool | None:
    if program == "useradd":
        if flags & {"-m", "--create-home"}:
            return True
        # Otherwise CREATE_HOME of /etc/login.defs decides, except for system accounts.
        return False if system or flags & {"-M", "--no-create-home"} else None
    if program != "adduser" or flags & {"-H", "--no-create-home"}:
        return False
    # Debian gives a --system account no home unless asked to; busybox always does.
    return None if "--system" in flags and "home" not in values else True
