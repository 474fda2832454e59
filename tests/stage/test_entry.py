"""What a container starts, followed through wrappers, shells and scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.dockerfile import command_of
from gorewrite.stage.commands import Entry, last
from gorewrite.stage.entry import read_entry
from tests.repositories import SHOP, facts_of

GO = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\n"
FILES = {**SHOP, "helper": "\x7fELF"}


def entry(top: Path, lines: str, **scripts: str) -> Entry:
    """The entry of a Go image; scripts: name of a file below /app, `_sh` for `.sh` -> text."""
    files = {**FILES, **{name.replace("_sh", ".sh"): text for name, text in scripts.items()}}
    return read_entry(facts_of(top, f"{GO}{lines}\n", files).final)


@pytest.mark.parametrize(
    "lines",
    [
        'CMD ["/app/shop"]',
        'CMD ["./shop"]',
        'CMD ["./shop", "-v", "sh"]',
        'ENTRYPOINT ["/app/shop"]\nCMD ["-v"]',
        "CMD ./shop",
        "CMD exec ./shop -v",
        "ENTRYPOINT ./shop",
        'ENV PATH=/app:$PATH\nCMD ["shop"]',
        'WORKDIR /\nCMD ["app/shop"]',
    ],
)
def test_program_that_needs_nothing_else(tmp_path: Path, lines: str) -> None:
    found = entry(tmp_path, lines)
    assert list(found.programs) == ["/app/shop"]
    assert found.refusal is None
    assert (found.tools, found.shell, found.bash, found.scripts) == ({}, [], [], {})


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("", "no-entrypoint"),
        ("CMD []", "no-entrypoint"),
        ('CMD ["sleep", "infinity"]', "no-entrypoint"),
        ('CMD ["tail", "-f", "/dev/null"]', "no-entrypoint"),
        ('CMD ["bash"]', "no-entrypoint"),
        ("CMD sh", "no-entrypoint"),
        ('CMD ["go", "run", "."]', "dev-or-test-image"),
        ('WORKDIR /\nCOPY . .\nCMD ["go", "run", "."]', "dev-or-test-image"),
        ('CMD ["go", "test", "./..."]', "dev-or-test-image"),
        ('ENTRYPOINT ["air"]', "dev-or-test-image"),
        ("CMD go run main.go", "dev-or-test-image"),
        ('CMD ["dlv", "exec", "./shop"]', "dev-or-test-image"),
        ('CMD ["sh", "-c", "go run ."]', "dev-or-test-image"),
        ("CMD ./prepare && go run .", "dev-or-test-image"),
        ('CMD ["make", "run"]', "dev-or-test-image"),
        ('CMD ["/usr/bin/supervisord", "-n"]', "multi-process-image"),
        ('ENTRYPOINT ["/init"]', "multi-process-image"),
        ("CMD nginx && ./shop", ""),
        ('CMD ["$PROGRAM"]', "entrypoint-unknown"),
        ("CMD $PROGRAM -v", "entrypoint-unknown"),
        ('ARG SERVICE\nWORKDIR /app/$SERVICE\nCMD ["./shop"]', "entrypoint-unknown"),
        ("CMD eval $X", "entrypoint-script"),
        ("CMD . ./env && ./shop", "entrypoint-script"),
        ('COPY missing.sh /bin/run.sh\nENTRYPOINT ["sh", "/bin/run.sh"]', "entrypoint-script"),
        ("CMD ./shop 'unclosed", "entrypoint-script"),
        ('CMD ["tini", "--", "go", "run", "."]', "dev-or-test-image"),
    ],
)
def test_refusal(tmp_path: Path, lines: str, code: str) -> None:
    refusal = entry(tmp_path, lines).refusal
    assert (refusal[0] if refusal else "") == code
    if refusal:
        assert refusal[1] and refusal[2].path == "Dockerfile"


@pytest.mark.parametrize(
    ("lines", "tools", "shell"),
    [
        ("CMD ./shop && curl example.com", {"curl"}, True),
        ("CMD ./shop --port $PORT", set(), True),
        ('CMD ["sh", "-c", "./shop -a"]', set(), True),
        ('CMD ["/bin/sh", "-ec", "sleep 1; exec ./shop"]', {"sleep"}, True),
        ('CMD ["tini", "--", "./shop"]', {"tini"}, False),
        ('CMD ["/usr/bin/dumb-init", "./shop"]', {"dumb-init"}, False),
        ('CMD ["su-exec", "user", "./shop"]', {"su-exec"}, False),
        ('CMD ["tini", "-p", "TERM", "--", "su-exec", "a", "./shop"]', {"tini", "su-exec"}, False),
        ('CMD ["./shop"]\nHEALTHCHECK CMD curl -f localhost || exit 1', {"curl"}, True),
        ('CMD ["./shop"]\nHEALTHCHECK CMD ["wget", "localhost"]', {"wget"}, False),
        ('CMD ["./shop"]\nHEALTHCHECK CMD ["./shop", "-health"]', set(), False),
        ('CMD ["./shop"]\nHEALTHCHECK NONE', set(), False),
        ('CMD ["./shop"]\nHEALTHCHECK CMD curl x\nHEALTHCHECK NONE', set(), False),
        ("CMD echo hi; cd /x; cd ../app && ./shop", set(), True),
        ("CMD ./shop | tee log", {"tee"}, True),
        ("CMD find /x | xargs -n 1 curl; ./shop", {"find", "xargs", "curl"}, True),
        ("CMD find /x -exec jq . {} +; umask 7; ./shop", {"find", "jq"}, True),
        ("CMD ls | xargs ./shop", {"ls", "xargs"}, True),
        ("CMD ./shop $(hostname)", {"hostname"}, True),
        ("CMD time ./shop", {"time"}, False),
        ('CMD ["env", "A=b c", "./shop"]', {"env"}, False),
        ('CMD ["nice", "-n", "5", "nohup", "./shop", "-v"]', {"nice", "nohup"}, False),
        # The shell of CMD is only words that the program is given.
        ('ENTRYPOINT ["./shop"]\nCMD serve now', set(), False),
    ],
)
def test_tools(tmp_path: Path, lines: str, tools: set[str], shell: bool) -> None:
    found = entry(tmp_path, lines)
    assert set(found.tools) == tools
    assert bool(found.shell) == shell
    assert "/app/shop" in found.programs
    assert found.bash == []


@pytest.mark.parametrize(
    "lines",
    [
        'CMD ["bash", "-c", "./shop"]',
        'SHELL ["/bin/bash", "-c"]\nCMD ./shop && true',
        'CMD ["./run.sh"]',
        'CMD ["/bin/bash", "run.sh"]',
    ],
)
def test_bash(tmp_path: Path, lines: str) -> None:
    found = entry(tmp_path, lines, run_sh="#!/bin/bash\nexec ./shop\n")
    assert found.bash and found.shell
    assert "/app/shop" in found.programs


@pytest.mark.parametrize(
    ("text", "tools", "code"),
    [
        ("#!/bin/sh\nset -e\nexec ./shop\n", set(), ""),
        ("#!/usr/bin/env sh\nsed -i s/a/b/ x\n./shop\n", {"sed"}, ""),
        ("# no interpreter\n./shop\n", set(), ""),
        ('#!/bin/sh\nwait_for() { nc -z db 1; }\nwait_for\nexec ./shop "$@"\n', {"nc"}, ""),
        ('#!/bin/sh\nif [ -n "$X" ]; then psql -c x; fi\n./shop\n', {"psql"}, ""),
        ("#!/usr/bin/python3\nprint()\n", set(), "entrypoint-script"),
        ('#!/bin/sh\neval "$CMD"\n', set(), "entrypoint-script"),
        ("#!/bin/sh\n$PROGRAM\n", set(), "entrypoint-unknown"),
        ("#!/bin/sh\nif true\n", set(), "entrypoint-script"),
        ("#!/bin/sh\ngo run .\n", set(), "dev-or-test-image"),
    ],
)
def test_script(tmp_path: Path, text: str, tools: set[str], code: str) -> None:
    found = entry(tmp_path, 'ENTRYPOINT ["/app/start.sh"]', start_sh=text)
    assert (found.refusal[0] if found.refusal else "") == code
    if not code:
        assert found.scripts == {"/app/start.sh": "start.sh"}
        assert set(found.programs) == {"/app/start.sh", "/app/shop"}
        assert set(found.tools) == tools
        assert all(where.path == "start.sh" and where.line for where in found.tools.values())


def test_script_runs_its_arguments(tmp_path: Path) -> None:
    script = '#!/bin/sh\nexec "$@"\n'
    found = entry(tmp_path, 'ENTRYPOINT ["./run.sh"]\nCMD ["/app/shop"]', run_sh=script)
    assert set(found.programs) == {"/app/run.sh", "/app/shop"}
    found = entry(tmp_path, 'ENTRYPOINT ["./run.sh"]\nCMD ["-v"]', run_sh=script)
    assert set(found.programs) == {"/app/run.sh"}


def test_script_that_calls_itself_ends(tmp_path: Path) -> None:
    found = entry(tmp_path, 'CMD ["./run.sh"]', run_sh="#!/bin/sh\n./run.sh\n./shop\n")
    assert set(found.programs) == {"/app/run.sh", "/app/shop"}


def test_script_of_several_shells(tmp_path: Path) -> None:
    found = entry(
        tmp_path,
        'CMD ["./a.sh"]',
        a_sh="#!/bin/sh\n/app/b.sh\n",
        b_sh="#!/bin/bash\nexec /app/shop\n",
    )
    assert set(found.scripts) == {"/app/a.sh", "/app/b.sh"}
    assert len(found.bash) == 1


def test_binary_of_the_context_is_no_script(tmp_path: Path) -> None:
    found = entry(tmp_path, 'CMD ["./helper"]')
    assert (list(found.programs), found.scripts) == (["/app/helper"], {})


def test_script_that_cannot_be_read(tmp_path: Path) -> None:
    large = "#!/bin/sh\n" + "# x\n" * 300_000
    refusal = entry(tmp_path, 'CMD ["./run.sh"]', run_sh=large).refusal
    assert refusal is not None and refusal[:2] == ("entrypoint-script", "run.sh cannot be read")


def test_found_through_the_path_of_the_toolchain(tmp_path: Path) -> None:
    text = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go install .\n"
    own = read_entry(facts_of(tmp_path, text + 'CMD ["shop"]\n', FILES).final)
    assert list(own.programs) == ["/go/bin/shop"] and own.looked_up == {}, "can be rewritten"
    health = read_entry(
        facts_of(tmp_path, text + 'CMD ["shop"]\nHEALTHCHECK CMD shop -x\n', FILES).final
    )
    assert list(health.looked_up) == ["/go/bin/shop"]


def test_arguments_are_kept_for_their_files(tmp_path: Path) -> None:
    found = entry(tmp_path, 'ENTRYPOINT ["./shop", "-c", "a.yml"]\nCMD ["b.yml"]')
    assert [word for word, _ in found.arguments] == ["-c", "a.yml", "b.yml"]


def test_program_that_a_run_makes(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, GO + 'CMD ["served"]\n', FILES)
    assert list(read_entry(facts.final).tools) == ["served"]
    assert list(read_entry(facts.final, {"/usr/bin/served"}).programs) == ["/usr/bin/served"]


@pytest.mark.parametrize(
    ("text", "keyword", "expected"),
    [
        ('CMD ["a"]\nCMD ["b"]', "CMD", ("b",)),
        ('CMD ["a"]\nENTRYPOINT ["e"]', "CMD", ("a",)),
        ('CMD ["a"]\nFROM below', "CMD", ("a",)),
        ('CMD ["a"]\nFROM below\nENTRYPOINT ["e"]', "CMD", None),
        ('CMD ["a"]\nFROM below\nENTRYPOINT ["e"]\nCMD ["b"]', "CMD", ("b",)),
        ('CMD ["a"]\nFROM alpine', "CMD", None),
        ('ENTRYPOINT ["e"]\nFROM below\nCMD ["b"]', "ENTRYPOINT", ("e",)),
        ("", "HEALTHCHECK", None),
    ],
)
def test_last(tmp_path: Path, text: str, keyword: str, expected: tuple[str, ...] | None) -> None:
    found = last(facts_of(tmp_path, f"FROM alpine AS below\n{text}\n").final, keyword)
    assert (command_of(found) if found is not None else None) == expected
