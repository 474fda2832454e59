"""Damaged inputs: whatever is in a file, reading it ends, soon, and without an error of ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from gorewrite import shell
from gorewrite.context import Context
from gorewrite.context.ignorefile import IgnoreError, IgnoreFile
from gorewrite.dockerfile import ParseError, parse
from gorewrite.golang.analysis import analyse
from gorewrite.golang.gomod import parse_gomod, parse_gowork
from tests.adversarial.services import service

#: Seconds of CPU in which a small input has to be read.
_MOST = 2.0

_SHELL = [
    "set -ex; cd /src && go build -o /bin/a ./... || exit 1",
    "for f in $(find . -name '*.go' | xargs dirname | sort -u); do (cd $f && go vet .); done",
    'go build -ldflags "-s -w -X \'main.v=$(git describe --tags)\'" -o "$OUT/${NAME:-app}" .',
    'if [ "$(uname -m)" = x86_64 ]; then A=amd64; else A=arm64; fi; curl -L $U/$A | tar xz -C /',
    "cat <<'EOF' > /x\n$a `b`\nEOF\ncase $1 in a|b) echo;; *) exec \"$@\" ;; esac",
    "f() { local x=1; echo $((x<<2)) ${x//a/b} ${x#*/}; }; f & wait; trap 'rm -f x' EXIT INT",
    'while read -r l; do echo "$l"; done < <(ls) 2>&1 >/dev/null; [[ $a =~ ^b+$ ]] && a=(1 2)',
]
_GOMOD = [
    "module example.com/a\n\ngo 1.24.1\n\ntoolchain go1.24.2\n\nrequire (\n\ta.com/b v1.0.0 // "
    "indirect\n\tc.com/d/v2 v2.0.0-20240101000000-abcdefabcdef\n)\n\nreplace a.com/b => ../b\n",
    'module "example.com/x"\nexclude a.com/b v1.1.0\nretract [v1.0.0, v1.1.0]\ntool a.com/b/cmd/t\n'
    "replace (\n\ta.com/b v1.0.0 => c.com/d v1.0.1\n\te.com/f => ./f\n)\ngodebug default=go1.21\n",
]
_IGNORE = [
    "*\n!*.go\n!go.*\n**/*_test.go\n# c\n\n /x \n[a-z]?\n\\#\n**/**/**/a*b*c*d*\n!**/x/**\n",
    ".git\n*.md\n!README.md\n" + "*/" * 30 + "x\n" + "**/a/" * 20 + "b\n",
]
_GO = [
    'package main\n\nimport (\n\t"embed"\n\tf "fmt"\n\t. "os"\n)\n\n//go:embed a/* "b c" `d`\nvar '
    'x embed.FS\n\nconst (\n\tp = "a" + q\n\tq = `b\n`\n)\n\nfunc main() { f.Println(p); '
    'ReadFile(f.Sprintf("%s/%[1]v", p)) }\n',
    "//go:build linux && (cgo || !amd64)\n\npackage a\n\n/*\n#cgo pkg-config: x\n#include <x.h>\n*/"
    '\nimport "C"\n\ntype T[K comparable, V any] struct{ m map[K]V }\n\nfunc (t *T[K, V]) Do(k K) '
    "{ defer func() { recover() }(); switch x := any(k).(type) { case string: _ = x } }\n",
]
_PIECES = [
    "\0", "\xff", "\ufeff", "\r\n", "\r", "\\\n", "\\", "'", '"', "`", "$", "${", "$(", "$((", "<<",
    "<<-EOF\n", "&&", "||", ";;", "(", ")", "{", "}", "[", "]]", "*", "**", "/**/", "!", "#", "//",
    "/*", "*/", "\u2028", "é", " ", "\t", "\n", "=>", "=", "-", "a" * 300, "(" * 60, "*a" * 40,
]  # fmt: skip


def damaged(rng: Random, text: str) -> str:
    """A text with some of it left out, doubled, moved, or something put between."""
    for _ in range(rng.randint(1, 6)):
        start = rng.randint(0, len(text))
        end = min(len(text), start + rng.choice([0, 0, 1, 1, 3, 10, 40]))
        piece = rng.choice([*_PIECES, text[start:end] * 2, text[-end:], ""])
        text = text[:start] + piece + text[end:]
    return text


def read_shell(rng: Random, _: Path) -> None:
    text = damaged(rng, rng.choice(_SHELL))
    script = shell.parse(text)
    if not isinstance(script, shell.Opaque):
        for command in script.commands():
            assert text[command.start : command.end]
            shell.calls_of(command)


def read_gomod(rng: Random, _: Path) -> None:
    text = damaged(rng, rng.choice(_GOMOD))
    data = text.encode("utf-8", "surrogateescape")
    parse_gomod(data, "go.mod")
    parse_gowork(data, "go.work")


def read_ignore(rng: Random, _: Path) -> None:
    try:
        file = IgnoreFile.parse(damaged(rng, rng.choice(_IGNORE)))
    except IgnoreError:
        return
    for path in ("a", "a/b/c.go", ".git/HEAD", "x/" * 40 + "x", "a" * 200):
        file.excludes(path)


def read_go(rng: Random, top: Path) -> None:
    data = damaged(rng, rng.choice(_GO)).encode("utf-8", "surrogateescape")
    (top / "go.mod").write_text("module example.com/a\n\ngo 1.24\n")
    (top / "main.go").write_bytes(data)
    analyse(Context.of(top, top / "Dockerfile"), ".")


def read_dockerfile(rng: Random, _: Path) -> None:
    data = damaged(rng, service(rng).dockerfile.decode()).encode("utf-8", "surrogateescape")
    try:
        tree = parse(data)
    except ParseError:
        return
    assert tree.to_bytes() == data


READERS: tuple[Callable[[Random, Path], None], ...] = (
    *(read_shell,) * 3,
    *(read_gomod,) * 2,
    *(read_ignore,) * 2,
    *(read_dockerfile,) * 2,
    read_go,
)


def fuzz(seed: int, top: Path) -> str | None:
    """Reads one damaged input; returns what is wrong, None when nothing is.

    top: a directory for the files of an input, used again and again.
    """
    rng = Random(seed)
    reader = rng.choice(READERS)
    started = time.process_time()
    try:
        reader(rng, top)
    except Exception as error:
        return f"{reader.__name__}: {error!r}"
    spent = time.process_time() - started
    return f"{reader.__name__}: takes {spent:.1f} s" if spent > _MOST else None
