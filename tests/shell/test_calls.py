"""What shell text calls, with which words, as far as they are known."""

from __future__ import annotations

import pytest

from gorewrite.shell import ANYTHING, Argument, Opaque, Some, calls, parse


def called(text: str) -> list[tuple[Argument, ...]]:
    script = parse(text)
    assert not isinstance(script, Opaque)
    return [call.words for call in calls(script)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ls -l /x", [("ls", "-l", "/x")]),
        ("a | b && c $(d)", [("a",), ("b",), ("c", ANYTHING), ("d",)]),
        ("timeout -k 1 5 nice -n 3 ./x -v",
         [("timeout", "-k", "1", "5", "nice", "-n", "3", "./x", "-v"),
          ("nice", "-n", "3", "./x", "-v"), ("./x", "-v")]),
        ("env -i A=b ls", [("env", "-i", "A=b", "ls"), ("ls",)]),
        ("xargs -n 1 rm -f", [("xargs", "-n", "1", "rm", "-f"), ("rm", "-f")]),
        ("xargs", [("xargs",)]),
        ("find . -exec rm {} \\; -exec ls {} +",
         [("find", ".", "-exec", "rm", "{}", ";", "-exec", "ls", "{}", "+"),
          ("rm", "{}"), ("ls", "{}")]),
        ("sh -ec 'a; b'", [("sh", "-ec", "a; b"), ("a",), ("b",)]),
        ('sh -c "$X"', [("sh", "-c", Some()), (ANYTHING,)]),
        ("curl x | sh", [("curl", "x"), ("sh",), (ANYTHING,)]),
        ("sh ./x.sh", [("sh", "./x.sh")]),
        ("eval x", [("eval", "x"), (ANYTHING,)]),
        ("command -v git", [("command", "-v", "git")]),
        ("f() { ls; }; f -x", [("ls",)]),
        ("$X -a", [(ANYTHING, "-a")]),
    ],
)  # fmt: skip
def test_calls(text: str, expected: list[tuple[Argument, ...]]) -> None:
    assert called(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("'$X'", "$X"),
        ('"$X"', Some()),
        ("$X", ANYTHING),
        ("${X:-5}", ANYTHING),
        ('"$@"', ANYTHING),
        ("$*", ANYTHING),
        ('-"$X"', Some("-")),
        ("--a=$X", Some("--a=")),
        ("/x/$X", Some("/x/")),
        ("$U:$G", Some()),
        ("/x/*.log", Some("/x/")),
        ("*.log", Some("./")),
        ("~/x", Some()),
        ('"$(x)"', Some()),
    ],
)
def test_words(word: str, expected: Argument) -> None:
    assert called(f"c {word}")[0] == ("c", expected)


BUILTINS = """. : alias bg break cd command continue echo eval exec exit export false fg getopts
hash jobs kill local printf pwd read readonly return set shift test times trap true type ulimit
umask unalias unset wait"""


@pytest.mark.parametrize("name", BUILTINS.split())
def test_builtins(name: str) -> None:
    script = parse(f"{name} x")
    assert not isinstance(script, Opaque)
    assert next(calls(script)).builtin


@pytest.mark.parametrize("text", ["ls x", "xargs echo", "/bin/echo x", "timeout 1 kill x"])
def test_no_builtins(text: str) -> None:
    script = parse(text)
    assert not isinstance(script, Opaque)
    assert not any(call.builtin for call in calls(script))
