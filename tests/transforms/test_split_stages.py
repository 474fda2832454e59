"""split-stages: when it does nothing, what it refuses, what it writes."""

from __future__ import annotations

import pytest

from gorewrite.config import Config
from tests.repositories import GO_MOD, SHOP
from tests.transforms.tools import planned, rewrite

TOP = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\n"
BUILD = "RUN CGO_ENABLED=0 go build -o shop .\n"
END = 'CMD ["./shop"]\n'
BUILDER = TOP.replace("1.24\n", "1.24 AS builder\n") + BUILD
STATIC = "FROM gcr.io/distroless/static-debian13\nWORKDIR /app\n"
COPY = "COPY --from=builder /app/shop /app/shop\n"


#: Finds a file by the path of its own source.
CALLER = '_, f, _, _ := runtime.Caller(0); os.ReadFile(filepath.Join(filepath.Dir(f), "a"))'


def program(body: str, *imports: str) -> dict[str, str]:
    """A shop whose main function is `body`."""
    lines = "".join(f'import "{name}"\n' for name in imports)
    return {"go.mod": GO_MOD, "main.go": f"package main\n\n{lines}\nfunc main() {{ {body} }}\n"}


def split(text: str, files: dict[str, str] | None = None, review: bool = False) -> str:
    """The new text of a Dockerfile that is split."""
    new, changes, refusals = rewrite(text, files or SHOP, "split-stages", review)
    assert [change.applied for change in changes] == [True], (changes, refusals)
    assert changes[0].because
    return new


@pytest.mark.parametrize(
    "text",
    [
        # Split already.
        f"{BUILDER}\n{STATIC}{COPY}{END}",
        f"{TOP}{BUILD}\nFROM alpine:3.20\nCOPY --from=0 /app/shop /shop\nCMD [\"/shop\"]\n",
        f"{BUILDER}FROM golang:1.24\nCOPY --from=builder /app/shop /shop\nCMD [\"/shop\"]\n",
        f"{BUILDER}FROM scratch\n",
        # No Go, or none that is built here.
        "FROM node:22\nCOPY . .\nRUN npm ci\nCMD [\"node\", \"x.js\"]\n",
        "FROM alpine:3.20\nCOPY shop /shop\nCMD [\"/shop\"]\n",
        "FROM debian:bookworm\nRUN apt-get update && apt-get install -y curl\n",
        # Comments that ask for it.
        f"# gorewrite: ignore\n{TOP}{BUILD}{END}",
    ],
)  # fmt: skip
def test_does_nothing(text: str) -> None:
    new, changes, refusals = rewrite(text, SHOP, "split-stages", review=True)
    assert (new, changes) == (text, ())
    assert all(refusal.transform == "file" for refusal in refusals)


@pytest.mark.parametrize(
    ("lines", "files", "code"),
    [
        ("", SHOP, "no-entrypoint"),
        ('CMD ["go", "run", "."]', SHOP, "dev-or-test-image"),
        ('CMD ["air"]', SHOP, "dev-or-test-image"),
        ('CMD ["supervisord"]', SHOP, "multi-process-image"),
        ("CMD $PROGRAM", SHOP, "entrypoint-unknown"),
        ("CMD eval $X", SHOP, "entrypoint-script"),
        ('CMD ["./other"]', SHOP, "output-path-unresolved"),
        ('CMD ["./shop"]\nHEALTHCHECK CMD mystery --check', SHOP, "tool-unknown"),
        (END, program('exec.Command("go", "env").Run()', "os/exec"), "needs-toolchain-at-runtime"),
        (END, program("println(runtime.GOROOT())", "runtime"), "runtime-caller-paths"),
        (
            f"RUN mv go.mod /tmp/ && go build -o shop main.go\n{END}",
            program("println(runtime.GOROOT())", "runtime"),
            "runtime-caller-paths",
        ),
        (END, program('plugin.Open("x.so")', "plugin"), "plugins"),
        (f"LABEL v=$V\nARG V\nENV V=$V W=${{V}}\n{END}", SHOP, "value-unknown"),
        (
            f"# gorewrite: ignore[split-stages]\n{END}",
            SHOP,
            "opted-out",
        ),
    ],
)
def test_refusals(lines: str, files: dict[str, str], code: str) -> None:
    text = f"{TOP}{BUILD}{lines}\n"
    new, changes, refusals = rewrite(text, files, "split-stages", review=True)
    assert (new, changes) == (text, ())
    (refusal,) = refusals
    assert refusal.code == code
    assert refusal.because and refusal.message


@pytest.mark.parametrize(
    ("top", "code"),
    [
        ("ARG BASE\nFROM $BASE\nWORKDIR /app\nCOPY . .\n", "base-unknown"),
        (TOP.replace("golang:1.24", "example.com/go"), "libc-unknown"),
    ],
)
def test_base_that_is_not_known(top: str, code: str) -> None:
    text = f"{top}RUN go build -o shop .\n{END}"
    new, _, refusals = rewrite(text, SHOP, "split-stages", review=True)
    assert (new, [refusal.code for refusal in refusals]) == (text, [code])


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (END, f"{BUILDER}\n{STATIC}{COPY}{END}"),
        # What configures the image moves along.
        (
            f"EXPOSE 80\nVOLUME /data\nLABEL a=b\nSTOPSIGNAL SIGINT\n{END}",
            f"{BUILDER}\n{STATIC}{COPY}"
            f"EXPOSE 80\nVOLUME /data\nLABEL a=b\nSTOPSIGNAL SIGINT\n{END}",
        ),
        ("USER 1000\n" + END, f"{BUILDER}\n{STATIC}{COPY}USER 1000\n{END}"),
        ("ENV MODE=fast GOFLAGS=-v\n" + END, f"{BUILDER}\n{STATIC}{COPY}ENV MODE=fast\n{END}"),
        ("ENV GOFLAGS=-v\n" + END, f"{BUILDER}\n{STATIC}{COPY}{END}"),
        ("ARG V=1\nLABEL v=$V\n" + END,
         f"{BUILDER}\n{STATIC}{COPY}ARG V=1\nLABEL v=$V\n{END}"),
        ("ARG V=1\nARG W\nWORKDIR /app\nLABEL v=$V\n# $V counts\nWORKDIR /app/$V/..\n" + END,
         f"{BUILDER}ARG V=1\nARG W\n# $V counts\nWORKDIR /app/$V/..\n\n"
         f"{STATIC}{COPY}ARG V=1\nLABEL v=$V\n{END}"),
        # Comments move with what they describe, or stay with what stays.
        (f"# the port\nEXPOSE 80\n# run it\n{END}",
         f"{BUILDER}\n{STATIC}{COPY}# the port\nEXPOSE 80\n# run it\n{END}"),
        (f"# odd\nWORKDIR /app\n{END}", f"{BUILDER}# odd\nWORKDIR /app\n\n{STATIC}{COPY}{END}"),
        (f"# first\nCMD [\"x\"]\n{END}", f"{BUILDER}# first\n\n{STATIC}{COPY}{END}"),
        # Without a shell there is no shell form, and the toolchain's PATH is gone.
        ("CMD ./shop -v\n", f"{BUILDER}\n{STATIC}{COPY}" 'CMD ["./shop", "-v"]\n'),
        # What the shell form of CMD means behind an ENTRYPOINT is kept to the letter.
        ('ENTRYPOINT ["./shop"]\nCMD serve now\n',
         f"{BUILDER}\n{STATIC}{COPY}" 'ENTRYPOINT ["./shop"]\nCMD serve now\n'),
        ("MAINTAINER somebody\n" + END,
         f"{BUILDER}\n{STATIC}{COPY}MAINTAINER somebody\n{END}"),
    ],
)  # fmt: skip
def test_writes(lines: str, expected: str) -> None:
    assert split(f"{TOP}{BUILD}{lines}") == expected


def test_installed_program_is_called_by_its_path() -> None:
    new = split(f'{TOP}RUN CGO_ENABLED=0 go install .\nCMD ["shop"]\n')
    assert "COPY --from=builder /go/bin/shop /go/bin/shop\n" in new
    assert new.endswith('CMD ["/go/bin/shop"]\n')


@pytest.mark.parametrize(
    ("body", "imports", "copied"),
    [
        ('os.ReadFile("conf/app.yml")', ("os",), "/app/conf/app.yml"),
        ('os.ReadFile("/app/conf/app.yml")', ("os",), "/app/conf/app.yml"),
        ('os.ReadFile("missing.yml")', ("os",), None),
        ('template.ParseGlob("templates/*.html")', ("html/template",), "/app/templates"),
        ('http.Dir("static")', ("net/http",), "/app/static"),
    ],
)
def test_files_the_program_reads(body: str, imports: tuple[str, ...], copied: str | None) -> None:
    files = {
        **program(body, *imports),
        "conf/app.yml": "a: b\n",
        "templates/a.html": "a\n",
        "static/a.css": "a\n",
    }
    copies = [line for line in split(f"{TOP}{BUILD}{END}", files).splitlines() if "--from" in line]
    expected = ["/app/shop", *([copied] if copied else [])]
    assert copies == [f"COPY --from=builder {path} {path}" for path in expected]


@pytest.mark.parametrize("made", ["RUN npm run build", "RUN npm ci && npm run build", "RUN make"])
def test_files_that_the_build_makes_come_with_the_tree(made: str) -> None:
    files = {
        **program('http.Dir("web/dist")', "net/http"),
        "package.json": "{}",
        "Makefile": "a:\n",
    }
    new = split(f"{TOP}{made}\n{BUILD}{END}", files, review=True)
    assert "COPY --from=builder /app /app\n" in new


def test_files_that_come_from_elsewhere() -> None:
    """Heredocs and downloads of COPY and ADD, read by name."""
    files = program('os.ReadFile("app.yml"); os.ReadFile("/srv/db.bin")', "os")
    text = f"{TOP}COPY <<EOF /app/app.yml\na: b\nEOF\nADD https://example.com/db.bin /srv/\n"
    new = split(f"{text}{BUILD}{END}", files)
    assert "COPY --from=builder /app/app.yml /app/app.yml\n" in new
    assert "COPY --from=builder /srv/db.bin /srv/db.bin\n" in new


@pytest.mark.parametrize(("target", "copied"), [("/app/", "/app"), ("/srv/site", "/srv/site")])
def test_unpacked_archives(target: str, copied: str) -> None:
    files = {**program('os.ReadFile("/srv/site/index.html")', "os"), "site.tar.gz": "x"}
    new = split(f"{TOP}ADD site.tar.gz {target}\n{BUILD}{END}", files, review=True)
    assert f"COPY --from=builder {copied} {copied}\n" in new


def test_unknown_directory_keeps_the_tree() -> None:
    new = split(f"{TOP}{BUILD}{END}", program("os.ReadFile(os.Args[1])", "os"))
    assert new == f"{BUILDER}\n{STATIC}COPY --from=builder /app /app\n{END}"


@pytest.mark.parametrize(
    ("lines", "base"),
    [
        ("CMD ./shop --port $PORT\n", "FROM alpine:3.23\n"),
        (f"RUN apt-get update && apt-get install -y ffmpeg\n{END}", "FROM debian:trixie-slim\n"),
        ("HEALTHCHECK CMD curl -f localhost\n" + END, "FROM alpine:3.23\n"),
    ],
)
def test_userland(lines: str, base: str) -> None:
    assert base in split(f"{TOP}{BUILD}{lines}", review=True)


@pytest.mark.parametrize(
    ("runtime", "base", "applied"),
    [
        ("scratch", "FROM scratch\n", True),
        ("alpine", "FROM alpine:3.23\n", True),
        ("debian:12-slim", "FROM debian:12-slim\n", True),
        # What is not known of it is the word of who named it.
        ("registry.example.com/base:2", "FROM registry.example.com/base:2\n", True),
        # Another user: for a person to look at.
        ("gcr.io/distroless/static-debian13:nonroot", ":nonroot\n", False),
    ],
)
def test_runtime_that_was_asked_for(runtime: str, base: str, applied: bool) -> None:
    config = Config(runtime=runtime)
    text = f"{TOP}{BUILD}{END}"
    plan = planned(text, SHOP, "split-stages", config=config)
    assert [change.applied for change in plan.changes] == [applied]
    plan = planned(text, SHOP, "split-stages", config=config, review=True)
    assert base in plan.new.decode()


def test_base_that_sets_what_is_not_known_is_for_review() -> None:
    text = f"{TOP.replace('golang:1.24', 'somebody/go')}{BUILD}{END}"
    new, (change,), _ = rewrite(text, SHOP, "split-stages")
    assert (new, change.applied) == (text, False)
    assert "what somebody/go sets" in change.message
    assert "AS builder" in split(text, review=True)


@pytest.mark.parametrize("name", ["builder", "build"])
def test_stage_name_is_new(name: str) -> None:
    text = f"FROM alpine:3.20 AS {name}\n\n{TOP}COPY --from={name} /etc/hosts /x\n{BUILD}{END}"
    new, _, _ = rewrite(text, SHOP, "split-stages", review=True)
    assert new.count(f"AS {name}\n") == 1
