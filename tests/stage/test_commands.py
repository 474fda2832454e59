"""Command lines, taken apart."""

from __future__ import annotations

import pytest

from gorewrite import shell
from gorewrite.stage.commands import behind_shell, entered, files_of, no_service, units_in


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("sh start.sh -c a", (False, ["start.sh", "-c", "a"])),
        ("bash ./start.sh --config x", (False, ["./start.sh", "--config", "x"])),
        ("sh -c text name", (True, ["text", "name"])),
        ("sh -ec text", (True, ["text"])),
        ("bash -euo pipefail -c text", (True, ["text"])),
        ("bash -o errexit start.sh", (False, ["start.sh"])),
        ("bash --norc start.sh", (False, ["start.sh"])),
        ("bash -- start.sh", (False, ["start.sh"])),
        ("bash +x start.sh", (False, ["start.sh"])),
        ("sh -", (False, ["-"])),
        ("sh", (False, [])),
    ],
)
def test_behind_shell(words: str, expected: tuple[bool, list[str]]) -> None:
    assert behind_shell(words.split()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sed s/a/b/ < in > out", (["in"], ["out"])),
        ("while read l; do echo; done < list", (["list"], [])),
        ("[ -f conf.yml ] && cd web", (["-f", "conf.yml", "]"], [])),
        ("touch a 2>/dev/null", ([], ["/dev/null", "a"])),
        ("a 2>&1 <<EOF\nx\nEOF", ([], [])),
        ('cd "$DIR"; cat < $FILE', ([], [])),
        ("cat file", ([], [])),
        ("export CONF=/etc/a.yml", (["/etc/a.yml"], [])),
        ("CONF=/etc/a.yml ./a", (["/etc/a.yml"], [])),
        ("A=${B:-/etc/a.yml}", (["/etc/a.yml"], [])),
        ("./a --conf=/etc/a/$B.yml", (["/etc/a/"], [])),
    ],
)
def test_files_of(text: str, expected: tuple[list[str], ...]) -> None:
    script = shell.parse(text)
    assert not isinstance(script, shell.Opaque)
    found: tuple[list[str], list[str]] = ([], [])
    for unit in units_in(script):
        for every, some in zip(found, files_of(unit), strict=True):
            every += some
    assert found == expected


@pytest.mark.parametrize(
    ("text", "directory"),
    [
        ("cd web", "web"),
        ("cd -P -- web || exit", "web"),
        ("cd $HOME_OF_IT", "/srv/it"),
        ('cd "$DIR"', '"$DIR"'),
        ('cd "$(dirname "$0")"', "/app/bin"),
        ('cd "$(dirname "$0")/.."', "/app"),
        ('cd $(dirname "$(readlink -f "$0")")', "/app/bin"),
        ('cd "$(dirname "${BASH_SOURCE[0]}")"', "/app/bin"),
        ("cd ${0%/*}/..", "/app"),
        ("cd", None),
        ("ls web", None),
    ],
)
def test_entered(text: str, directory: str | None) -> None:
    script = shell.parse(text)
    assert not isinstance(script, shell.Opaque)
    command = next(script.commands())
    assert entered(command, "/app/bin/run", {"HOME_OF_IT": "/srv/it"}) == directory


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("air", "dev-or-test-image"),
        ("env go run .", "dev-or-test-image"),
        ("sleep infinity", "no-entrypoint"),
        ("bash", "no-entrypoint"),
        ("cron", "multi-process-image"),
        ("bash start.sh", None),
        ("shop", None),
    ],
)
def test_no_service(words: str, code: str | None) -> None:
    found = no_service(words.split(), words.split()[0])
    assert (found[0] if found else None) == code
