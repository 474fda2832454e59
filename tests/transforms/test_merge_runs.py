"""merge-runs: what is joined, how it is written, and all that is not."""

from __future__ import annotations

import pytest

from tests.transforms.tools import rewrite

FILES = {"go.mod": "module example.com/shop\n\ngo 1.24\n", "main.go": "package main\n"}
BUILD = "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /shop .\n"


def shipped(body: str) -> str:
    return f'{BUILD}FROM alpine:3.23\n{body}COPY --from=build /shop /shop\nCMD ["/shop"]\n'


def runs(text: str) -> str:
    """What stands between the last FROM and the COPY behind it."""
    return text.rpartition("FROM alpine:3.23\n")[2].partition("COPY --from")[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "RUN apk add -q curl\nRUN adduser -D a\n",
            "RUN apk add -q curl \\\n    && adduser -D a\n",
            id="two",
        ),
        pytest.param(
            "RUN mkdir /a\n\n\nRUN mkdir /b\n",
            "RUN mkdir /a \\\n    && mkdir /b\n",
            id="blank lines go",
        ),
        pytest.param(
            "RUN mkdir /a  \nRUN mkdir /b  \n",
            "RUN mkdir /a \\\n    && mkdir /b\n",
            id="space at the end of a line goes",
        ),
        pytest.param(
            "RUN mkdir /a && \\\n\tmkdir /b\nRUN mkdir /c\n",
            "RUN mkdir /a && \\\n\tmkdir /b && \\\n\tmkdir /c\n",
            id="operators and tabs as in the file",
        ),
        pytest.param(
            "RUN mkdir /a\n# b\nRUN mkdir /b\n# c\nRUN mkdir /c\n",
            "RUN mkdir /a \\\n    # b\n    && mkdir /b \\\n    # c\n    && mkdir /c\n",
            id="comments stay above their command",
        ),
        pytest.param(
            "RUN mkdir /a\nrun mkdir /b\n",
            "RUN mkdir /a \\\n    && mkdir /b\n",
            id="keyword in lower case",
        ),
        pytest.param(
            "RUN DEBUG=1 mkdir /a\nRUN env DEBUG=1 mkdir /b\n",
            "RUN DEBUG=1 mkdir /a \\\n    && env DEBUG=1 mkdir /b\n",
            id="variables of one command",
        ),
        pytest.param(
            "RUN mkdir $(uname -m)\nRUN chmod 700 *\n",
            "RUN mkdir $(uname -m) \\\n    && chmod 700 *\n",
            id="expansions",
        ),
        pytest.param(
            "RUN --network=none mkdir /a\nRUN --network=none mkdir /b\n",
            "RUN --network=none mkdir /a \\\n    && mkdir /b\n",
            id="equal flags",
        ),
    ],
)
def test_joined(before: str, after: str) -> None:
    text, changes, refusals = rewrite(shipped(before), FILES, "merge-runs")
    assert runs(text) == after
    assert [str(change.safety) for change in changes] == ["safe"]
    assert not refusals


@pytest.mark.parametrize(
    "body",
    [
        "RUN mkdir /a\n",
        "RUN mkdir /a\nENV A=b\nRUN mkdir /b\n",
        "RUN mkdir /a\nARG A\nRUN mkdir /b\n",
        "RUN mkdir /a\nWORKDIR /a\nRUN mkdir b\n",
        "RUN mkdir /a\nUSER nobody\nRUN mkdir /tmp/b\n",
        'RUN mkdir /a\nSHELL ["/bin/ash", "-c"]\nRUN mkdir /b\n',
        "RUN mkdir /a\nCOPY go.mod /\nRUN mkdir /b\n",
        "RUN mkdir /a\nLABEL a=b\nRUN mkdir /b\n",
        "RUN apk add curl\nRUN curl -O https://example.com/a\n",
        "RUN mkdir /a\nRUN go version\n",
        "RUN mkdir /a\nRUN make\n",
        "RUN mkdir /a\nRUN npm ci\n",
        "RUN mkdir /a\nRUN pip install build\n",
        "RUN mkdir /a\nRUN ./setup.sh\n",
        "RUN echo a | tee /a\nRUN mkdir /c\n",
        "RUN mkdir /a\nRUN service postgresql start\n",
        "RUN apt-get update && apt-get install -y a\nRUN apt-get update && apt-get install -y b\n",
    ],
)
def test_nothing_to_say(body: str) -> None:
    before = shipped(body)
    assert rewrite(before, FILES, "merge-runs") == (before, (), ())


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("RUN mkdir /a; mkdir /b\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN mkdir /a || true\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN (mkdir /a)\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN if [ -e /a ]; then rm /a; fi\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN set -e && mkdir /a\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN export A=b && mkdir /a\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN umask 077 && mkdir /a\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN A=b && mkdir /$A\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN mkdir /a &\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN mkdir /a # a\nRUN mkdir /c\n", "run-not-simple"),
        ('RUN ["mkdir", "/a"]\nRUN mkdir /c\n', "run-not-simple"),
        ("RUN <<X\nmkdir /a\nX\nRUN mkdir /c\n", "run-not-simple"),
        ("RUN --network=none mkdir /a\nRUN mkdir /c\n", "flags-differ"),
        ("RUN --mount=type=cache,target=/a mkdir /b\nRUN mkdir /c\n", "flags-differ"),
        ("RUN mkdir /a\n# hadolint ignore=DL3059\nRUN mkdir /c\n", "linter-comment"),
        ("# trunk-ignore(hadolint/DL3018)\nRUN apk add a\nRUN mkdir /c\n", "linter-comment"),
        ("RUN mkdir /a\n# gorewrite: ignore[cache-mounts]\nRUN mkdir /c\n", "linter-comment"),
        ("RUN mkdir /a\n# gorewrite: ignore\nRUN mkdir /c\n", "opted-out"),
        ("RUN apt-get update\nENV A=b\nRUN apt-get install -y a\n", "update-apart"),
    ],
)
def test_refused(body: str, code: str) -> None:
    before = shipped(body)
    text, changes, refusals = rewrite(before, FILES, "merge-runs")
    assert text == before
    assert not changes
    assert [refusal.code for refusal in refusals] == [code]


def test_a_blocked_run_does_not_stop_the_others() -> None:
    body = "RUN mkdir /a\nRUN mkdir /b\nRUN cd /b && mkdir c\nRUN mkdir /d\nRUN mkdir /e\n"
    text, _, refusals = rewrite(shipped(body), FILES, "merge-runs")
    assert runs(text) == (
        "RUN mkdir /a \\\n    && mkdir /b\nRUN cd /b && mkdir c\nRUN mkdir /d \\\n    && mkdir /e\n"
    )
    assert [refusal.code for refusal in refusals] == ["run-not-simple"]


@pytest.mark.parametrize(
    "builder",
    [
        "RUN mkdir /a\nRUN mkdir /b\n",
        "RUN apt-get update && apt-get install -y a\nRUN mkdir /b\n",
        "RUN apt-get update\nRUN mkdir /b\n",
    ],
)
def test_builders_keep_their_layers(builder: str) -> None:
    before = BUILD.replace("WORKDIR", builder + "WORKDIR") + 'FROM scratch\nCMD ["/shop"]\n'
    assert rewrite(before, FILES, "merge-runs") == (before, (), ())


def test_crlf_and_no_final_newline() -> None:
    before = "FROM golang:1.24\r\nRUN mkdir /a\r\n# b\r\nRUN mkdir /b"
    text, _, _ = rewrite(before, FILES, "merge-runs")
    assert text == "FROM golang:1.24\r\nRUN mkdir /a \\\r\n    # b\r\n    && mkdir /b"
