"""What holds for every rewrite, on generated Dockerfiles and on variants of all golden ones."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gorewrite.checks import _comment_texts
from gorewrite.config import Config
from gorewrite.dockerfile import Instruction, parse
from gorewrite.engine import Plan, available
from gorewrite.project import FileError, Result, Workspace
from gorewrite.transform import Safety
from tests.golden import Case, cases
from tests.repositories import SHOP, repository, written

Decision = tuple[Counter[tuple[str, bool]], Counter[tuple[str, str]]]


def decision(plan: Plan) -> Decision:
    """Which transforms apply or offer how much, and what is refused."""
    return (
        Counter((c.transform, c.applied) for c in plan.changes),
        Counter((r.transform, r.code) for r in plan.refusals),
    )


def hold(
    data: bytes, result: Result | FileError, again: Callable[[bytes], Result | FileError]
) -> None:
    """The promises of a plan for the Dockerfile `data`. The engine itself holds the contract and
    untouched bytes; that it is never seen to fail there is checked here."""
    if isinstance(result, FileError):
        assert "internal error" not in result.problem, result.problem
        return
    plan = result.plan
    assert plan.old == data
    assert parse(data).to_bytes() == data
    assert parse(plan.new).to_bytes() == plan.new
    lost = Counter(_comment_texts(parse(data))) - Counter(_comment_texts(parse(plan.new)))
    assert not lost
    assert all(change.because and change.message for change in plan.changes)
    assert all("\n" not in said.message for said in (*plan.changes, *plan.refusals))
    last = data.count(b"\n") + 1
    assert all(0 <= said.line <= last for said in (*plan.changes, *plan.refusals))
    if not plan.changed:
        return
    second = again(plan.new)
    assert isinstance(second, Result), second
    assert second.plan.new == plan.new, "a second run changes something"


def has_heredocs(data: bytes) -> bool:
    """With CRLF, the lines of a heredoc end in a carriage return that its reader sees (BuildKit
    parser.go): another script, of which other things hold."""
    return any(instruction.heredocs for instruction in parse(data).instructions)


# --- golden inputs ---------------------------------------------------------------------------


def crlf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def lf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


def unended(data: bytes) -> bytes:
    return data.rstrip(b"\r\n")


def loosened(data: bytes) -> bytes:
    """A comment or a blank line above each instruction but the first: comments above that one
    have a meaning of their own."""
    tree = parse(data)
    newline = tree.newline.encode()
    out = []
    for number, node in enumerate(tree.body):
        if isinstance(node, Instruction) and node is not tree.instructions[0]:
            out.append((b"# note %d" % number if number % 2 else b"") + newline)
        out.append(node.source.encode("utf-8", "surrogateescape"))
    return b"".join(out)


#: Variant -> whether the decision has to be the same.
VARIANTS: dict[Callable[[bytes], bytes], bool] = {
    crlf: True,
    lf: True,
    unended: True,
    loosened: False,
}


@pytest.fixture(params=cases(), ids=lambda case: case.id)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def test_golden_variants(case: Case, tmp_path: Path) -> None:
    top = tmp_path / "repository"
    shutil.copytree(case.path / "in", top, symlinks=True)
    (top / ".git").mkdir(exist_ok=True)
    file = top / case.dockerfile
    data = file.read_bytes()

    def run(text: bytes) -> Result | FileError:
        file.write_bytes(text)
        return case.run(top)

    def again(text: bytes) -> Result | FileError:
        assert isinstance(result, Result)
        with written(result):
            return run(text)

    original = run(data)
    for vary, same in VARIANTS.items():
        if isinstance(original, FileError) and not same:
            continue  # What does not parse cannot be taken apart.
        text = vary(data)
        if text == data:
            continue
        result = run(text)
        hold(text, result, again)
        if isinstance(original, FileError):
            assert isinstance(result, FileError)
            continue
        assert isinstance(result, Result), result
        if same and not has_heredocs(data):
            assert decision(result.plan) == decision(original.plan), vary.__name__


# --- generated Dockerfiles -------------------------------------------------------------------

IMAGES = [
    "golang",
    "golang:1.24",
    "golang:1.22-alpine",
    "golang:1.22-alpine3.20@sha256:" + "0" * 64,
    "golang:${GO}",
    "$BASE",
    "example.com/go:1",
    "alpine:3.20",
    "debian:bookworm-slim",
    "ubuntu",
    "scratch",
    "gcr.io/distroless/static-debian12:nonroot",
    "busybox",
]
LINES = [
    "WORKDIR /app",
    "WORKDIR src",
    "WORKDIR $DIR",
    "WORKDIR /go/src/shop",
    "COPY . .",
    "COPY go.mod go.sum ./",
    "COPY *.go ./",
    "COPY main.go /app/",
    'COPY ["start.sh", "/start.sh"]',
    "COPY --chown=1000:1000 . /app",
    "ADD . /app",
    "ADD https://example.com/x.tar.gz /tmp/",
    "COPY --from=build /app/shop /shop",
    "COPY --from=0 /app/shop /app/shop",
    "RUN go build",
    "RUN go build -o shop .",
    "RUN CGO_ENABLED=0 GOOS=linux go build -a -installsuffix cgo -o /app/shop .",
    'RUN go build -ldflags "-X main.v=$V" -o /bin/shop ./...',
    "RUN go mod download",
    "RUN go mod download && go build -o shop . && rm -rf /root/.cache",
    "RUN cd /app; go build -o shop . || exit 1",
    "RUN go install ./...",
    'RUN ["go", "build", "-o", "shop", "."]',
    "RUN <<EOF\ngo build -o shop .\nEOF",
    "RUN set -ex; \\\n    # why\n    go build \\\n    -o shop .",
    "RUN --mount=type=cache,target=/go/pkg/mod go build -o shop .",
    "RUN apk add --no-cache git ca-certificates",
    "RUN apk update && apk add tzdata bash",
    "RUN apt-get update && apt-get install -y curl git",
    "RUN apt-get update",
    "RUN apt-get install -y --no-install-recommends ca-certificates",
    "RUN adduser -D shop",
    "RUN mkdir -p /data && chown shop /data",
    "RUN make",
    "RUN ./build.sh",
    "RUN (go vet ./... && go test ./...)",
    "RUN if [ -f x ]; then go build; fi",
    "RUN for p in a b; do go build -o $p .; done",
    "RUN 'unclosed",
    "ARG V",
    "ARG DIR=/srv",
    "ENV CGO_ENABLED=1",
    "ENV PATH=/app:$PATH MODE=fast",
    "ENV A b c",
    "ENV CONFIG=/app/config.yml",
    "LABEL org.opencontainers.image.title=shop",
    "EXPOSE 80 443/tcp 53/udp",
    "VOLUME /data",
    'VOLUME ["/a", "/b"]',
    "USER shop",
    "USER 1000",
    "USER root",
    "STOPSIGNAL SIGINT",
    "HEALTHCHECK CMD curl -f http://localhost/ || exit 1",
    'HEALTHCHECK --interval=5s CMD ["/app/shop", "-health"]',
    "HEALTHCHECK NONE",
    'SHELL ["/bin/bash", "-o", "pipefail", "-c"]',
    "ENTRYPOINT /app/shop",
    'ENTRYPOINT ["./shop"]',
    'ENTRYPOINT ["/start.sh"]',
    'CMD ["/app/shop"]',
    'CMD ["shop", "-config", "config.yml"]',
    "CMD shop",
    "CMD exec ./shop --port $PORT",
    "CMD go run .",
    "MAINTAINER somebody",
    "ONBUILD RUN go build",
    "# a comment",
    "# gorewrite: ignore",
    "# gorewrite: ignore[split-stages]",
    "# hadolint ignore=DL3018",
    "",
    "  run  go build  -o shop . ",
    'cmd [ "./shop" ]',
]
#: Lines of which a real build of a service is made, so that more than refusals is met.
PLAIN = ["WORKDIR /app", "COPY . .", "RUN go build -o shop .", 'CMD ["./shop"]']


@st.composite
def stage(draw: st.DrawFn) -> list[str]:
    name = draw(st.sampled_from(["", "", " AS build", " as Build", " AS base"]))
    image = draw(st.sampled_from([*IMAGES[:4] * 2, *IMAGES, "build"]))
    platform = draw(st.sampled_from(["", "", "", "--platform=$BUILDPLATFORM "]))
    lines = draw(st.lists(st.sampled_from(LINES), max_size=8))
    if draw(st.booleans()):
        where = sorted(draw(st.lists(st.integers(0, len(lines)), min_size=4, max_size=4)))
        for place, line in zip(reversed(where), reversed(PLAIN), strict=True):
            lines.insert(place, line)
    return [f"FROM {platform}{image}{name}", *lines]


@st.composite
def dockerfiles(draw: st.DrawFn) -> bytes:
    top = draw(
        st.sampled_from(["", "", "# syntax=docker/dockerfile:1\n", "ARG GO=1.24\n", "# about\n"])
    )
    stages = draw(st.lists(stage(), min_size=1, max_size=3))
    text = top + "\n".join(line for lines in stages for line in lines)
    text += draw(st.sampled_from(["\n", "\n", "", "\n\n", " \n", "\n# end", "\\\n"]))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    bom = draw(st.sampled_from(["", "", "", "\ufeff"]))
    return (bom + text).encode()


CONTEXTS: list[dict[str, str | bytes]] = [
    {
        **SHOP,
        "go.sum": "",
        "start.sh": '#!/bin/sh\nset -e\nexec ./shop "$@"\n',
        "config.yml": "a: b\n",
        "Makefile": "all:\n\tgo build -o shop .\n",
    },
    {
        "go.mod": "module example.com/shop\n\ngo 1.22\n\nrequire example.org/queue v1.0.0\n",
        "main.go": 'package main\n\nimport (\n\t"os"\n\n\t_ "example.org/queue"\n)\n\n'
        'func main() { os.ReadFile(os.Getenv("CONFIG")); os.ReadFile("config.yml") }\n',
        "start.sh": "#!/bin/bash\ncurl example.com\nexec ./shop\n",
        "config.yml": "a: b\n",
    },
    {"main.go": 'package main\n\nimport "C"\n\nfunc main() {}\n', ".dockerignore": "*.md\n"},
    {},
]


@pytest.fixture(scope="module")
def tops(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [repository(tmp_path_factory.mktemp("context"), files) for files in CONTEXTS]


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(dockerfiles(), st.integers(0, len(CONTEXTS) - 1), st.booleans())
def test_generated(tops: list[Path], data: bytes, context: int, review: bool) -> None:
    path = tops[context] / "Dockerfile"
    config = Config(review=review)

    def run(text: bytes) -> Result | FileError:
        workspace = Workspace(available(), Safety.SAFE)
        try:
            return workspace.rewrite(path, "Dockerfile", config, text)
        except FileError as error:
            return error

    def again(text: bytes) -> Result | FileError:
        assert isinstance(result, Result)
        with written(result):
            second = run(text)
            assert not isinstance(second, Result) or not second.plan.files
            return second

    result = run(data)
    hold(data, result, again)
    other = run(lf(data) if b"\r" in data else crlf(data))
    if isinstance(result, Result):
        assert isinstance(other, Result)
        if not has_heredocs(data):
            assert decision(other.plan) == decision(result.plan)
    else:
        assert isinstance(other, FileError)
