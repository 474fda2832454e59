"""clean-packages: one manager after the other, and the reasons to leave an index alone."""

from __future__ import annotations

import pytest

from tests.transforms.tools import rewrite

FILES = {"go.mod": "module example.com/shop\n\ngo 1.24\n", "main.go": "package main\n"}
BUILD = "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /shop .\n"


def shipped(body: str) -> str:
    return f'{BUILD}FROM example.com/base\n{body}COPY --from=build /shop /shop\nCMD ["/shop"]\n'


def body_of(text: str) -> str:
    return text.rpartition("FROM example.com/base\n")[2].partition("COPY --from")[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("apk add a", "apk add --no-cache a"),
        ("apk -q add -t .a b", "apk -q add --no-cache -t .a b"),
        ("apk add -U a", "apk add --no-cache a"),
        ("apk --update-cache add a", "apk --no-cache add a"),
        ("apk add $PACKAGES", "apk add --no-cache $PACKAGES"),
        ("apk update && apk add a", "apk add --no-cache a"),
        ("apk update; apk add a; adduser -D b", "apk add --no-cache a; adduser -D b"),
        ("apk update && apk upgrade", "apk upgrade --no-cache"),
        ("apk add a && apk update && apk add b", "apk add --no-cache a && apk add --no-cache b"),
        ("apk update && apk add --no-cache a", "apk add --no-cache a"),
        ("apk add a && apk del a", "apk add --no-cache a && apk del a"),
        (
            "apt-get update && apt-get install -y --no-install-recommends a",
            "apt-get update && apt-get install -y --no-install-recommends a \\\n"
            "    && rm -rf /var/lib/apt/lists/*",
        ),
        (
            "apt update && apt upgrade -y",
            "apt update && apt upgrade -y \\\n    && rm -rf /var/lib/apt/lists/*",
        ),
        (
            "apt-get update && (apt-get upgrade -y || true) && true",
            None,
        ),
        ("dnf install -y a", "dnf install -y a \\\n    && dnf clean all"),
        ("yum -y update", "yum -y update \\\n    && yum clean all"),
        (
            "/usr/bin/microdnf install a",
            "/usr/bin/microdnf install a \\\n    && /usr/bin/microdnf clean all",
        ),
        ("tdnf install -y a", "tdnf install -y a \\\n    && tdnf clean all"),
        ("zypper -n in a", "zypper -n in a \\\n    && zypper clean --all"),
        ("dnf install -y a || true", "dnf install -y a || true \\\n    && dnf clean all"),
    ],
)
def test_cleaned(before: str, after: str | None) -> None:
    text, changes, _ = rewrite(shipped(f"RUN {before}\n"), FILES, "clean-packages")
    assert body_of(text) == f"RUN {after if after is not None else before}\n"
    assert [str(c.safety) for c in changes if c.applied] == (["safe"] if after else [])


@pytest.mark.parametrize(
    "body",
    [
        "RUN apk add --no-cache a\n",
        "RUN apk add a && rm -rf /var/cache/apk/*\n",
        "RUN apk add a && apk cache clean\n",
        "RUN apk add ./a.apk\n",
        "RUN apk add --cache-dir /c a\n",
        "RUN apk add --root /rootfs --initdb a\n",
        "RUN apk update && apk search a\n",
        "RUN apk info\n",
        "RUN ln -s /cache /etc/apk/cache\nRUN apk add a\n",
        "RUN --mount=type=cache,target=/var/cache apk add a\n",
        "RUN apt-get update\n",
        "RUN apt-get update && apt-get upgrade && rm -rf /var/lib/apt/lists/*\n",
        "RUN apt-get update && apt-get upgrade && rm -r /var/lib/apt\n",
        "RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get upgrade\n",
        "RUN apt-get install -y --no-install-recommends a\n",
        "RUN dnf install a && dnf clean all\n",
        "RUN dnf install a && rm -rf /var/cache/*\n",
        "RUN --mount=type=cache,target=/var/cache/dnf dnf install a\n",
        "RUN dnf install --installroot=/r a\n",
        "RUN dnf info a\n",
        "USER 1000\nRUN apk add a\n",
        'RUN ["apk", "add", "a"]\n',
        'SHELL ["pwsh"]\nRUN apk add a\n',
    ],
)
def test_nothing_to_say(body: str) -> None:
    before = shipped(body)
    text, changes, refusals = rewrite(before, FILES, "clean-packages")
    assert (text, changes) == (before, ())
    assert not [refusal for refusal in refusals if refusal.transform == "clean-packages"]


UPGRADE = "RUN apt-get update && apt-get upgrade -y\n"


@pytest.mark.parametrize(
    ("later", "code"),
    [
        ("RUN apt-get install -y --no-install-recommends a\n", "lists-needed-later"),
        ("RUN add-apt-repository ppa:a && apt-get upgrade\n", "lists-needed-later"),
        ("RUN apt-cache policy\n", "lists-needed-later"),
        ("COPY setup.sh /\nRUN /setup.sh\n", "lists-needed-later"),
        ("COPY setup.sh /\nRUN sh /setup.sh\n", "lists-needed-later"),
        ("RUN apt-get update && apt-get upgrade && rm -rf /var/lib/apt/lists/*\n", None),
        ("COPY fine.sh /\nRUN /fine.sh\n", None),
    ],
)
def test_lists_needed_later(later: str, code: str | None) -> None:
    files = FILES | {
        "setup.sh": "#!/bin/sh\napt-get install -y a\n",
        "fine.sh": "#!/bin/sh\napt-get update\napt-get install -y a\n",
    }
    _, changes, refusals = rewrite(shipped(UPGRADE + "ENV A=b\n" + later), files, "clean-packages")
    assert [refusal.code for refusal in refusals] == ([code] if code else [])
    assert bool([change for change in changes if change.applied]) == (code is None)


@pytest.mark.parametrize("script", ["RUN curl a | sh\n", "RUN /opt/setup\n", "RUN bash /x.sh\n"])
def test_unknown_scripts_ask_for_review(script: str) -> None:
    before = shipped(UPGRADE + script)
    text, changes, _ = rewrite(before, FILES, "clean-packages")
    assert text == before
    assert [str(change.safety) for change in changes] == ["review"]
    text, _, _ = rewrite(before, FILES, "clean-packages", review=True)
    assert "rm -rf /var/lib/apt/lists/*" in text


def test_builders_are_left_alone() -> None:
    before = BUILD.replace("WORKDIR", UPGRADE + "RUN apk add a\nWORKDIR") + "FROM scratch\n"
    assert rewrite(before, FILES, "clean-packages") == (before, (), ())


@pytest.mark.parametrize(
    ("run", "offered"),
    [
        ("apt-get install -y a", True),
        ("apt-get install -f", False),
        ("apt-get install -o APT::Install-Recommends=false a", False),
        ("apt-get install --no-install-recommends a", False),
    ],
)
def test_recommended_packages(run: str, offered: bool) -> None:
    _, changes, _ = rewrite(shipped(f"RUN {run}\n"), FILES, "clean-packages")
    assert [(str(change.safety), change.applied) for change in changes] == (
        [("review", False)] if offered else []
    )


def test_a_heredoc_inside_is_not_appended_to() -> None:
    body = "RUN <<E\nset -e\napt-get update\napt-get upgrade\ncat > /a <<X\na\nX\nE\n"
    text, _, refusals = rewrite(shipped(body), FILES, "clean-packages")
    assert body_of(text) == body
    assert [refusal.code for refusal in refusals] == ["run-not-simple"]
