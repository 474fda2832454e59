"""hoist-modules: where the download goes, what goes with it, and when nothing moves."""

from __future__ import annotations

import pytest

from tests.transforms.tools import rewrite

GO_MOD = "module example.com/shop\n\ngo 1.22\n\nrequire github.com/go-chi/chi/v5 v5.0.12\n"
SERVICE = {
    "go.mod": GO_MOD,
    "go.sum": "github.com/go-chi/chi/v5 v5.0.12 h1:x\n",
    "main.go": "package main\n\nfunc main() {}\n",
}


def stage(*lines: str, base: str = "golang:1.22") -> str:
    return "\n".join((f"FROM {base}", "WORKDIR /src", *lines, 'CMD ["/shop"]', ""))


BUILD = "RUN go build -o /shop ."

REWRITES = {
    "blank lines that would meet": (
        ("COPY . .", "", "COPY go.mod go.sum ./", "", "RUN go mod download", BUILD),
        ("COPY go.mod go.sum ./", "RUN go mod download", "COPY . .", "", BUILD),
    ),
    "implicit": (
        ("COPY . .", BUILD),
        ("COPY go.mod go.sum ./", "RUN go mod download", "COPY . .", BUILD),
    ),
    "install": (
        ("ADD . .", "RUN go install ./..."),
        ("COPY go.mod go.sum ./", "RUN go mod download", "ADD . .", "RUN go install ./..."),
    ),
    "explicit": (
        ("COPY . .", "# deps", "RUN go mod download -x", BUILD),
        ("COPY go.mod go.sum ./", "# deps", "RUN go mod download -x", "COPY . .", BUILD),
    ),
    "cut out of a list": (
        ("COPY . .", "RUN go build -o /shop . && go mod download"),
        ("COPY go.mod go.sum ./", "RUN go mod download", "COPY . .", BUILD),
    ),
    "cut out of a sequence": (
        ("COPY . .", "RUN set -e; go mod download; go build -o /shop ."),
        (
            "COPY go.mod go.sum ./",
            "RUN go mod download",
            "COPY . .",
            "RUN set -e; go build -o /shop .",
        ),
    ),
    "kept behind go mod tidy": (
        ("COPY . .", "RUN go mod tidy", "RUN go mod download", BUILD),
        (
            "COPY go.mod go.sum ./",
            "RUN go mod download",
            "COPY . .",
            "RUN go mod tidy",
            "RUN go mod download",
            BUILD,
        ),
    ),
    "not unlisted where it cannot be cut": (
        ("COPY . .", "RUN (go mod download) && go build -o /shop ."),
        (
            "COPY go.mod go.sum ./",
            "RUN go mod download",
            "COPY . .",
            "RUN (go mod download) && go build -o /shop .",
        ),
    ),
    "elsewhere": (
        ("COPY . /app", "# The program.", "WORKDIR /app", BUILD),
        (
            "# The program.",
            "WORKDIR /app",
            "COPY go.mod go.sum ./",
            "RUN go mod download",
            "COPY . /app",
            BUILD,
        ),
    ),
    "elsewhere, over an absolute copy": (
        ("COPY . /app", "COPY go.mod /etc/x/", "WORKDIR /app", BUILD),
        (
            "WORKDIR /app",
            "COPY go.mod go.sum ./",
            "RUN go mod download",
            "COPY . /app",
            "COPY go.mod /etc/x/",
            BUILD,
        ),
    ),
    **{
        f"elsewhere, {why}": (
            lines,
            (f"COPY {flag}go.mod go.sum /app/", "RUN cd /app && go mod download", *lines),
        )
        for why, flag, lines in (
            ("behind a RUN", "", ("COPY . /app", "RUN ls", "WORKDIR /app", BUILD)),
            ("behind a relative copy", "", ("COPY . /app", "COPY go.mod x", "WORKDIR /app", BUILD)),
            ("relative itself", "", ("COPY . /app", "WORKDIR ../app", BUILD)),
            ("owned", "--chown=1:1 ", ("COPY --chown=1:1 . /app", "WORKDIR /app", BUILD)),
            (
                "opted out",
                "",
                ("COPY . /app", "# gorewrite: ignore[hoist-modules]", "WORKDIR /app", BUILD),
            ),
        )
    },
    "inline settings": (
        ("COPY . .", "RUN GOPROXY=https://goproxy.io CGO_ENABLED=0 go build -o /shop ."),
        (
            "COPY go.mod go.sum ./",
            "RUN GOPROXY=https://goproxy.io go mod download",
            "COPY . .",
            "RUN GOPROXY=https://goproxy.io CGO_ENABLED=0 go build -o /shop .",
        ),
    ),
    "mounts and network": (
        ("COPY . .", "RUN --mount=type=ssh --network=host go build -o /shop ."),
        (
            "COPY go.mod go.sum ./",
            "RUN --mount=type=ssh --network=host go mod download",
            "COPY . .",
            "RUN --mount=type=ssh --network=host go build -o /shop .",
        ),
    ),
    "the module cache of the build": (
        ("COPY . .", "RUN --mount=type=cache,target=/go/pkg/mod go build -o /shop ."),
        (
            "COPY go.mod go.sum ./",
            "RUN --mount=type=cache,target=/go/pkg/mod go mod download",
            "COPY . .",
            "RUN --mount=type=cache,target=/go/pkg/mod go build -o /shop .",
        ),
    ),
    "settings behind the sources": (
        ("COPY . .", "ENV GOSUMDB=off", "ENV PORT=80", BUILD),
        (
            "ENV GOSUMDB=off",
            "COPY go.mod go.sum ./",
            "RUN go mod download",
            "COPY . .",
            "ENV PORT=80",
            BUILD,
        ),
    ),
    "only go.sum missing": (
        ("COPY go.mod .", "COPY . .", BUILD),
        ("COPY go.mod .", "COPY go.sum ./", "RUN go mod download", "COPY . .", BUILD),
    ),
    "above arguments": (
        ("ARG VERSION", "COPY . .", BUILD),
        ("COPY go.mod go.sum ./", "RUN go mod download", "ARG VERSION", "COPY . .", BUILD),
    ),
    "below an argument it uses": (
        ("ARG OWNER=root", "COPY --chown=${OWNER} . .", BUILD),
        (
            "ARG OWNER=root",
            "COPY --chown=${OWNER} go.mod go.sum ./",
            "RUN go mod download",
            "COPY --chown=${OWNER} . .",
            BUILD,
        ),
    ),
    "go.mod is only read": (
        ("COPY . .", "RUN cat go.mod && cp go.mod /tmp/", BUILD),
        (
            "COPY go.mod go.sum ./",
            "RUN go mod download",
            "COPY . .",
            "RUN cat go.mod && cp go.mod /tmp/",
            BUILD,
        ),
    ),
    "files one by one": (
        ("COPY *.go ./", "COPY go.mod go.sum ./", BUILD),
        ("COPY go.mod go.sum ./", "RUN go mod download", "COPY *.go ./", BUILD),
    ),
}


@pytest.mark.parametrize("case", REWRITES)
def test_rewrites(case: str) -> None:
    before, after = REWRITES[case]
    new, changes, _ = rewrite(stage(*before), SERVICE, "hoist-modules")
    assert new == stage(*after)
    assert [str(change.safety) for change in changes] == ["safe"]


NOTHING = {
    "downloaded first": (("COPY go.mod go.sum ./", "RUN go mod download", "COPY . .", BUILD), ""),
    "downloaded by a script": (
        ("COPY go.mod go.sum deps.sh ./", "RUN ./deps.sh", "COPY . .", BUILD),
        "",
    ),
    "bind mounts": (("RUN --mount=type=bind,target=. go build -o /shop .",), ""),
    "no go": (("COPY . .", "RUN ls"), ""),
    "a tool only": (("COPY . .", "RUN go install example.com/tool@v1.0.0"), ""),
    "clean only": (("COPY . .", "RUN go clean && go version"), ""),
    "a stage": (("COPY --from=sources /src .", BUILD), ""),
    "another user": (("COPY . .", "USER 1000", BUILD), "user-changes"),
    "certificates": (
        (
            "COPY . .",
            "COPY corp.crt /usr/local/share/ca-certificates/",
            "RUN update-ca-certificates",
            BUILD,
        ),
        "auth-after-source",
    ),
    "a variable behind": (
        ("COPY . .", "ENV HOST=example.com", "ENV GOPROXY=https://$HOST", BUILD),
        "auth-after-source",
    ),
    "a token": (("COPY . .", "RUN GOPROXY=https://$(cat /t)@example.com go build"), "auth-inline"),
    "GO111MODULE": (("ENV GO111MODULE=off", "COPY . .", BUILD), "gopath-mode"),
    "made in the image": (("COPY main.go .", "RUN go mod init x", BUILD), "no-go-mod"),
    "replaced in the image": (
        ("COPY . .", "RUN go mod edit -replace=a=./a && go build -o /shop ."),
        "go-mod-changed",
    ),
    "a workspace in the image": (("COPY . .", "RUN go work init .", BUILD), "go-mod-changed"),
    "appended to": (("COPY . .", "RUN echo 'replace a => b' >> go.mod", BUILD), "go-mod-changed"),
    "rewritten": (("COPY . .", "RUN perl -pi -e s/a/b/ go.mod", BUILD), "go-mod-changed"),
    "settings stored among others": (
        ("COPY . .", "RUN go env -w GOPROXY=https://example.com && go version", BUILD),
        "auth-after-source",
    ),
    "settings copied": (
        ("COPY . .", "COPY go.sum /root/.config/go/env", BUILD),
        "auth-after-source",
    ),
    "a go.mod in a heredoc": (
        ("COPY main.go .", "COPY <<E go.mod", "module example.com/shop", "E", BUILD),
        "no-go-mod",
    ),
    "a script that sets up credentials": (
        ("COPY . .", "RUN ./auth.sh", BUILD),
        "auth-after-source",
    ),
    "such a script ahead of the build": (
        ("COPY . .", f"RUN ./auth.sh && {BUILD[4:]}"),
        "auth-inline",
    ),
    "cloned": (
        ("RUN git clone https://example.com/x .", "RUN go build -o /shop ."),
        "source-not-from-context",
    ),
}


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_is_done(case: str) -> None:
    lines, code = NOTHING[case]
    files = {
        **SERVICE,
        "deps.sh": "#!/bin/sh\ngo mod download\n",
        "corp.crt": "-----BEGIN CERTIFICATE-----\n",
        "auth.sh": "#!/bin/sh\necho machine example.com >> ~/.netrc\n",
    }
    before = stage(*lines)
    new, changes, refusals = rewrite(before, files, "hoist-modules", review=True)
    assert new == before
    assert not changes
    assert [refusal.code for refusal in refusals] == ([code] if code else [])


def test_public_certificates_are_no_set_up() -> None:
    lines = ("COPY . .", "RUN apk add ca-certificates && update-ca-certificates", BUILD)
    new, _, _ = rewrite(stage(*lines, base="golang:1.22-alpine"), SERVICE, "hoist-modules")
    assert new.index("go mod download") < new.index("COPY . .")


def test_git_behind_the_sources_is_needed_without_a_proxy() -> None:
    lines = ("ENV GOPROXY=direct", "COPY . .", "RUN apk add git", BUILD)
    text = stage(*lines, base="golang:1.22-alpine")
    assert [r.code for r in rewrite(text, SERVICE, "hoist-modules")[2]] == ["auth-after-source"]


@pytest.mark.parametrize(
    ("requirement", "code"),
    [
        ("git.example.com/team/log v1.0.0", "private-module-no-auth"),
        ("log.corp.internal/log v1.0.0", "private-module-no-auth"),
        ("github.com/example-corp/log v1.0.0", "private-module-no-auth"),
    ],
)
def test_private_modules_need_credentials(requirement: str, code: str) -> None:
    files = {**SERVICE, "go.mod": f"{GO_MOD}\nrequire {requirement}\n"}
    text = stage("ENV GOPRIVATE=github.com/example-corp", "COPY . .", BUILD)
    assert [r.code for r in rewrite(text, files, "hoist-modules")[2]] == [code]
    # A download that is there already has whatever it needs.
    explicit = stage(
        "ENV GOPRIVATE=github.com/example-corp", "COPY . .", "RUN go mod download", BUILD
    )
    new, _, refusals = rewrite(explicit, files, "hoist-modules")
    assert not refusals
    assert new.index("go mod download") < new.index("COPY . .")


def test_vendored_builds_are_left_alone() -> None:
    files = {**SERVICE, "vendor/modules.txt": "# github.com/go-chi/chi/v5 v5.0.12\n"}
    text = stage("COPY . .", BUILD)
    assert [r.code for r in rewrite(text, files, "hoist-modules")[2]] == ["vendored"]
    ignored = {**files, ".dockerignore": "vendor\n"}
    assert "go mod download" in rewrite(text, ignored, "hoist-modules")[0]
    module = stage("COPY . .", "RUN go build -mod=mod -o /shop .")
    assert "go mod download" in rewrite(module, files, "hoist-modules")[0]


SHARED = "\nrequire example.com/log v0.0.0\n\nreplace example.com/log => ./log\n"


def test_a_link_is_not_made_a_directory() -> None:
    module = {"libs/log/go.mod": "module example.com/log\n", "libs/log/log.go": "package log\n"}
    files = {**SERVICE, "go.mod": GO_MOD + SHARED, **module, "log": "->libs/log"}
    text = stage("COPY . .", "RUN go mod download", BUILD)
    assert [r.code for r in rewrite(text, files, "hoist-modules")[2]] == ["odd-path"]
    # A link that COPY names itself is followed.
    named = stage("COPY . .", "COPY log ./log", "RUN go mod download", BUILD)
    assert "COPY log/go.mod ./log/" in rewrite(named, files, "hoist-modules")[0]


@pytest.mark.parametrize(("count", "codes"), [(19, []), (20, ["many-modules"])])
def test_a_list_of_modules_stays_short(count: int, codes: list[str]) -> None:
    names = [f"example.com/shop/m{number}" for number in range(count)]
    lines = [f"require {n} v0.0.0\nreplace {n} => ./{n.rpartition('/')[2]}\n" for n in names]
    modules = {f"{n.rpartition('/')[2]}/go.mod": f"module {n}\n" for n in names}
    files = {**SERVICE, "go.mod": GO_MOD + "".join(lines), **modules}
    _, _, refusals = rewrite(stage("COPY . .", BUILD), files, "hoist-modules")
    assert [refusal.code for refusal in refusals] == codes


def test_a_workspace_elsewhere_is_named() -> None:
    files = {"svc/go.mod": GO_MOD, "svc/main.go": SERVICE["main.go"], "dev.work": "use ./svc\n"}
    text = stage("COPY . .", "RUN GOWORK=/src/dev.work go build ./svc")
    refusals = rewrite(text, files, "hoist-modules")[2]
    assert [(r.code, "GOWORK=/src/dev.work" in r.message) for r in refusals] == [
        ("go-mod-changed", True)
    ]


def test_nothing_required_is_said() -> None:
    files = {**SERVICE, "go.mod": "module example.com/shop\n"}
    new, _, refusals = rewrite(stage("COPY . .", BUILD), files, "hoist-modules")
    assert "go mod download" not in new
    assert [refusal.code for refusal in refusals] == ["no-requirements"]


def test_an_assumed_context_asks_for_review() -> None:
    callers = {
        "Makefile": "image:\n\tdocker build -f Dockerfile .\n\tdocker build -f Dockerfile api\n",
        "api/go.mod": "module example.com/api\n",
    }
    new, changes, _ = rewrite(stage("COPY . .", BUILD), {**SERVICE, **callers}, "hoist-modules")
    assert "go mod download" not in new
    assert [str(change.safety) for change in changes] == ["review"]
