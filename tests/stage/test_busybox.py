"""Which calls of a tool busybox is known to understand."""

from __future__ import annotations

import pytest

from gorewrite.shell import Call, Opaque, calls, parse
from gorewrite.stage import busybox, packages


def first(text: str) -> Call:
    script = parse(text)
    assert not isinstance(script, Opaque)
    return next(calls(script))


@pytest.mark.parametrize(
    "text",
    [
        "date +%F", "date -u '+%Y-%m-%d %H:%M'", "date --utc", "date -r x +%s", "date -I",
        "grep -q x y", "grep -rn --  -x y", "grep -E 'a|b' -A3", "grep -c \"$X\" y",
        "df /", "df -Pk", "du -sk /x", "ls -la", "ls *.x", "ls -- $X", "cat \"$X\"",
        "find /x -name '*.log' -mtime -7 -delete", "find . -type f -exec ls -Z {} +",
        "stat -c %s x", "stat -Lc '%a %U' x", "sort -rn", "sort -t: -k2,2", "sort -u -o x x",
        "sed -i 's,^,/tmp/e,' x", "sed -n '$p'", "sed -e 's/a/b/g' -e 5q x",
        "sed 's/a\\/b/&/' $\"X\"",
        "awk '{print $1}' \"$X\"", "awk -F: '/x/ {n++} END {print n}'",
        "xargs -0 -n 1 rm --nonsense",
        "head -n -\"$X\"", "head -5", "head -c 32 /dev/urandom", "tail -fn0 x", "tail -n +2",
        "tar czf x.tgz y", "tar -xzf x -C /y --strip-components=1", "mkdir -pm 700 x",
        "echo $X", "echo -n x", "echo --- x", "printf '%s\\n' $X", "[ -f $X ]", "kill -9 $X",
        "sleep 0.5", "sleep infinity", "sleep $X", "timeout -s KILL 5 x --y", "nice -n 5 x --y",
        "mktemp -d", "mktemp /x/y.XXXXXX", "dd if=x of=y bs=1M count=2 status=none", "diff -u x y",
        "wget -qO- x", "wget --no-verbose --tries=1 --spider x", "pkill -HUP x", "pgrep -f x",
        "chown -R $U:$G /x", "/bin/ls -l",
    ],
)  # fmt: skip
def test_understood(text: str) -> None:
    assert busybox.does(first(text))


@pytest.mark.parametrize(
    "text",
    [
        "date -d yesterday", "date -d \"$X\"", "date +%s%N", "date -Iseconds",
        "date --rfc-3339=date",
        "date +%-d", "date \"$X\"", "grep -P x", "grep -oP x", "grep --color x", "grep '\\d' x",
        "grep $X y", "df --output=size", "df -B1", "df -h", "du -sh x", "ls -lh",
        "du --max-depth=1", "du -b",
        "ls --time-style=iso",
        "ls -lZ", "ls $X", "find . -printf %p", "find . -name x -ls", "find . -size +10M",
        "find . -regex x", "find $X", "stat --format=%s x", "stat --printf=x y", "stat x",
        "stat -c %y x", "sort -h", "sort -V", "sort --parallel=2", "sed -z x", "sed --in-place x y",
        "sed 's/a/\\U&/'", "sed 's/a/b/e'", "sed 's/a/b/M'", "sed \"s/$X/y/\"", "sed -f x",
        "sed 0~3d",
        "awk '{print gensub(1)}'", "awk -f x", "awk \"$X\"", "xargs -d , rm", "xargs --null rm",
        "head -c 1K", "head --lines=1", "head -n", "tail --pid 1", "tail --follow x", "tar cJf x y",
        "tar --owner=0 -cf x y", "tar cfC x y z", "mkdir -Z x", "cp --parents x y", "cp -$X y z",
        "echo -e x", "echo 'a\\tb'", "printf %q x", "touch -d yesterday x", "mktemp x.XXX",
        "timeout --foreground 5 x", "dd if=x status=progress", "diff x y", "uname -a", "ps",
        "ps aux",
        "ps -ef", "top -b", "free -h", "su x -c y", "wget --retry-connrefused x", "strange",
        "pkill -u x",
        "md5sum --check x", "base64 --decode", "readlink -e x", "realpath --relative-to=x y",
    ],
)  # fmt: skip
def test_not_understood(text: str) -> None:
    assert not busybox.does(first(text))


def test_a_program_that_is_not_known() -> None:
    assert not busybox.does(first("$X -a"))


def test_every_tool_of_the_table_is_a_command_of_alpine() -> None:
    assert not [name for name in busybox._rules() if not packages.in_image(name, "alpine")]
