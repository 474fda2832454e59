"""Package managers' and user programs' command lines."""

from __future__ import annotations

import shlex

import pytest

from gorewrite.shell import PackageCommand, UserCommand, package_command, user_command


@pytest.mark.parametrize(
    ("text", "manager", "action", "packages", "options"),
    [
        ("apk add --no-cache git gcc=1.2-r0", "apk", "install", "git gcc=1.2-r0", ["--no-cache"]),
        ("apk --no-cache add -t .d git", "apk", "install", "git", ["--no-cache", "-t .d"]),
        ("apk add --virtual=.d -X https://example.com git", "apk", "install", "git", None),
        ("apk update", "apk", "update", "", []),
        ("apk -U upgrade", "apk", "upgrade", "", ["-U"]),
        ("apk del .d", "apk", "remove", ".d", []),
        ("apk cache clean", "apk", "clean", "", []),
        ("apk", "apk", "", "", []),
        ("apt-get update -qq", "apt", "update", "", ["-qq"]),
        ("apt-get -y install --no-install-recommends a b", "apt", "install", "a b", None),
        ("apt install -t bookworm-backports -o A::b=1 a", "apt", "install", "a", None),
        ("apt-get dist-upgrade", "apt", "upgrade", "", []),
        ("apt-get purge -y a", "apt", "remove", "a", ["-y"]),
        ("/usr/bin/apt-get clean", "apt", "clean", "", []),
        ("dnf install -y --setopt=a=b --enablerepo x a", "dnf", "install", "a", None),
        ("dnf update -y", "dnf", "upgrade", "", ["-y"]),
        ("microdnf clean all", "microdnf", "clean", "all", []),
        ("yum -y install a", "yum", "install", "a", ["-y"]),
        ("tdnf makecache", "tdnf", "update", "", []),
        ("zypper --non-interactive in -y a", "zypper", "install", "a", None),
        ("zypper ref", "zypper", "update", "", []),
        ("pip3 install --no-cache-dir -r r.txt a", "pip", "install", "a", None),
        ("python3 -m pip install a", "pip", "install", "a", []),
        ("npm ci", "npm", "install", "", []),
        ("npm run build", "npm", "run", "build", []),
        ("npm cache clean --force", "npm", "clean", "clean", ["--force"]),
    ],
)
def test_package_command(
    text: str, manager: str, action: str, packages: str, options: list[str] | None
) -> None:
    found = package_command(shlex.split(text))
    assert found is not None
    assert (found.manager, found.action, " ".join(found.packages)) == (manager, action, packages)
    assert options is None or list(found.options) == options
    assert not found.unknown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "go install x",
        "echo apk add",
        "python3 x.py",
        "python -m venv x",
        "rpm -i x",
        "apt-key add",
    ],
)
def test_no_package_command(text: str) -> None:
    assert package_command(shlex.split(text)) is None


def test_virtual_unknown_and_index() -> None:
    expected = PackageCommand("apk", "install", ("git",), ("--virtual=.d",), ".d", True, 2)
    assert package_command(["apk", "--virtual=.d", "add", "git", None]) == expected
    assert package_command([None, "add"]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("useradd app", UserCommand("user", "app")),
        (
            "useradd -m -u 1000 -s /bin/sh app",
            UserCommand("user", "app", 1000, shell="/bin/sh", create_home=True),
        ),
        (
            "useradd -rM -g app app",
            UserCommand("user", "app", group="app", system=True, create_home=False),
        ),
        ("useradd --uid=1 --gid 2 -d /h -c 'a b' x", UserCommand("user", "x", 1, 2, home="/h")),
        (
            "groupadd -r -g 100 g",
            UserCommand("group", "g", gid=100, system=True, create_home=False),
        ),
        ("adduser -D -u 1000 app", UserCommand("user", "app", 1000, create_home=True)),
        (
            "adduser -SDH -G grp -h /h app",
            UserCommand("user", "app", group="grp", home="/h", system=True, create_home=False),
        ),
        (
            "addgroup -S -g 5 grp",
            UserCommand("group", "grp", gid=5, system=True, create_home=False),
        ),
        (
            "adduser --disabled-password --gecos '' --uid 5 --no-create-home app",
            UserCommand("user", "app", 5, create_home=False),
        ),
        ("adduser --system --group app", UserCommand("user", "app", group="app", system=True)),
        (
            "adduser --system --home /h --ingroup g app",
            UserCommand("user", "app", group="g", home="/h", system=True, create_home=True),
        ),
        ("adduser --group g", UserCommand("group", "g", create_home=True)),
        ("/usr/sbin/useradd -- app", UserCommand("user", "app")),
    ],
)
def test_user_command(text: str, expected: UserCommand) -> None:
    assert user_command(shlex.split(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id app",
        "adduser app wheel",
        "addgroup app wheel",
        "useradd",
        "useradd -u x app",
        "usermod -a app",
    ],
)
def test_no_user_command(text: str) -> None:
    assert user_command(shlex.split(text)) is None


def test_an_account_known_in_part_is_not_known() -> None:
    assert user_command(["useradd", "-u", None, "app"]) is None
