"""Whether a script surely runs a command."""

import pytest

from gorewrite import shell

SURE = [
    "go build",
    "cd app && go build",
    "set -e; go build; echo done",
    "go build || exit 1",
    "( cd app; go build ) > log",
    "{ go build; }",
    "go build | tee log",
    'if [ "$DEBUG" ]; then go build -race; else go build; fi',
    'if [ "$A" ]; then go build a; elif [ "$B" ]; then go build b; else go build c; fi',
    "if go build; then echo built; fi",
    'case "$ARCH" in arm) go build -tags arm;; *) go build;; esac',
    "for name in api worker; do go build ./cmd/$name; done",
]
UNSURE = [
    "echo go",
    "[ -f app ] || go build",
    "make || true && go build",
    "if [ ! -f app ]; then go build; fi",
    'if [ "$A" ]; then go build a; elif [ "$B" ]; then go build b; fi',
    'if [ "$DEBUG" ]; then go build; else cp prebuilt app; fi',
    'case "$ARCH" in arm) go build;; *) cp prebuilt app;; esac',
    "build() { go build; }",
]


@pytest.mark.parametrize("text", [*SURE, *UNSURE])
def test_surely_runs(text: str) -> None:
    script = shell.parse(text)
    assert isinstance(script, shell.Script)
    found = shell.surely_runs(script, lambda command: command.name == "go")
    assert found is (text in SURE)
