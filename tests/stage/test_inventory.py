"""What RUNs leave behind that a runtime image may need."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.stage.inventory import Inventory, take
from tests.repositories import SHOP, facts_of

FILES = {**SHOP, "gen/main.go": "package main\n\nfunc main() {}\n", "conf/a.yml": "a\n"}


def left(top: Path, *runs: str, image: str = "golang:1.24") -> Inventory:
    lines = "".join(f"RUN {run}\n" for run in runs)
    text = f'FROM {image}\nWORKDIR /app\nCOPY . .\n{lines}CMD ["./shop"]\n'
    return take(facts_of(top, text, FILES).final)


@pytest.mark.parametrize(
    "run",
    [
        "true",
        "go build -o shop .",
        "go mod download && go vet ./... && go test ./...",
        "echo building",
        "set -ex; pwd; ls -la",
        "cd /app && go build -o shop .",
        "rm -rf /var/lib/apt/lists/*",
        "mkdir -p /root/.cache/x",
        "curl -o /tmp/x https://example.com/x",
        "find . -name '*.go'",
        "export A=b",
        "test -f go.mod || exit 1",
        "apt-get update",
        "wget -O /dev/null https://example.com",
    ],
)
def test_leaves_nothing(tmp_path: Path, run: str) -> None:
    found = left(tmp_path, run)
    found.removed.clear()
    assert found == Inventory()


@pytest.mark.parametrize(
    ("run", "packages", "recommends"),
    [
        ("apt-get install -y curl git", {"curl": "apt", "git": "apt"}, {"curl", "git"}),
        ("apt-get update && apt-get -y install --no-install-recommends curl", {"curl": "apt"}, ()),
        ("apk add --no-cache tzdata=2024a-r0", {"tzdata=2024a-r0": "apk"}, ()),
        ("apk add curl && apk del curl", {}, ()),
        ("apt-get install -y gcc && apt-get purge -y gcc", {}, {"gcc"}),
        ("sudo -E apt-get install -y curl", {"curl": "apt"}, {"curl"}),
    ],
)
def test_packages(tmp_path: Path, run: str, packages: dict[str, str], recommends: set[str]) -> None:
    found = left(tmp_path, run)
    assert {name: manager for name, (manager, _) in found.packages.items()} == packages
    assert found.recommends == set(recommends)
    assert found.unknown == []


@pytest.mark.parametrize("run", ["pip install x", "npm install -g x", "npm --global i x"])
def test_programs_of_other_languages(tmp_path: Path, run: str) -> None:
    assert "another language" in left(tmp_path, run).unknown[0].why


@pytest.mark.parametrize(
    ("run", "users"),
    [
        ("useradd shop", {"shop"}),
        ("adduser -D -H shop", {"shop"}),
        ("addgroup -S staff && adduser -S -G staff shop", {"staff", "shop"}),
        ("groupadd -r staff && useradd -r -g staff shop", {"staff", "shop"}),
    ],
)
def test_users(tmp_path: Path, run: str, users: set[str]) -> None:
    assert set(left(tmp_path, run).users) == users


def test_user_whose_name_is_not_known(tmp_path: Path) -> None:
    found = left(tmp_path, "useradd $NAME")
    assert found.users == {}
    assert found.unknown[0].why.startswith("useradd: ")


@pytest.mark.parametrize(
    ("run", "written"),
    [
        ("mkdir -p /data/db logs", {"/data/db", "/app/logs"}),
        ("touch /app/x", {"/app/x"}),
        ("echo a > /etc/shop.conf", {"/etc/shop.conf"}),
        ("cd /srv && echo a >> b", {"/srv/b"}),
        ("cp conf/a.yml /etc/a.yml", {"/etc/a.yml"}),
        ("ln -s /app/shop /bin/s", {"/bin/s"}),
        ("curl -o /usr/local/bin/tool https://example.com/t", {"/usr/local/bin/tool"}),
        ("> /app/empty", {"/app/empty"}),
    ],
)
def test_written(tmp_path: Path, run: str, written: set[str]) -> None:
    found = left(tmp_path, run)
    assert set(found.written) == written
    assert found.unknown == []
    assert all(e.path == "Dockerfile" and e.line == 4 for e in found.written.values())


@pytest.mark.parametrize(
    "run",
    [
        "mystery-tool",
        "./setup.sh",
        "sh -c 'do things'",
        "echo a > $FILE",
        "chown shop $DIR",
        "setcap cap_net_bind_service=+ep shop",
        "eval $X",
        "rm -rf $DIR",
        "python3 build.py",
        "go build 'unclosed",
    ],
)
def test_not_known(tmp_path: Path, run: str) -> None:
    found = left(tmp_path, run)
    assert found.unknown and all(unknown.evidence for unknown in found.unknown)


@pytest.mark.parametrize(
    ("run", "cwd"),
    [
        ("make", "/app"),
        ("cd web && npm run build", "/app/web"),
        ("npm ci", "/app"),
        ("npm --prefix web run build", None),
        ("go generate ./...", "/app"),
        ("go run ./gen", "/app"),
        ("protoc --go_out=. a.proto", "/app"),
        ("git describe > v.txt", "/app"),
    ],
)
def test_generators(tmp_path: Path, run: str, cwd: str | None) -> None:
    found = left(tmp_path, run)
    assert [where for where, _ in found.generators] == [cwd]
    assert found.unknown == []
    assert found.written_below("/app/web")
    assert found.written_below("/app/any/thing") == (cwd != "/app/web")
    assert found.written_below("/srv") == (cwd is None)


def test_ownership(tmp_path: Path) -> None:
    found = left(tmp_path, "chown -R shop:shop /data . && chmod +x start.sh")
    assert set(found.owned) == {"/data", "/app", "/app/start.sh"}


def test_certificates(tmp_path: Path) -> None:
    assert len(left(tmp_path, "update-ca-certificates").certificates) == 1


def test_installed_tools(tmp_path: Path) -> None:
    found = left(tmp_path, "go install example.com/tools/migrate@latest", "go install .")
    assert set(found.tools) == {"/go/bin/migrate"}
    assert set(left(tmp_path, "GOBIN=/bin go install example.com/m/v2@v2.0.0").tools) == {"/bin/m"}


@pytest.mark.parametrize(
    ("runs", "moved", "gone"),
    [
        (["mv shop /bin/"], {"/bin/shop": "/app/shop"}, {"/app/shop"}),
        (["mv shop /bin/serve"], {"/bin/serve": "/app/shop"}, {"/app/shop"}),
        (["cp shop /usr/local/bin"], {"/usr/local/bin/shop": "/app/shop"}, set()),
        (["ln -s /app/shop /bin/shop"], {"/bin/shop": "/app/shop"}, set()),
        (["rm -rf /app/src"], {}, {"/app/src", "/app/src/deep"}),
        (["rm -rf conf/*"], {}, {"/app/conf/a.yml"}),
        (["rm -f shop", "mv other shop"], {"/app/shop": "/app/other"}, {"/app/other"}),
        (["mv a b c"], {}, set()),
        (["mv $A /bin/"], {}, set()),
    ],
)
def test_moves(tmp_path: Path, runs: list[str], moved: dict[str, str], gone: set[str]) -> None:
    found = left(tmp_path, *runs)
    assert found.moved == moved
    assert all(found.gone(path) for path in gone)
    assert not found.gone("/app/main.go")
    for target, source in moved.items():
        assert found.origin(target) == source
        assert not found.gone(target)


def test_moves_in_a_circle_end() -> None:
    found = Inventory(moved={"/a": "/b", "/b": "/a"})
    assert found.origin("/a") == "/a"


def test_stages_below_count_and_others_do_not(tmp_path: Path) -> None:
    facts = facts_of(
        tmp_path,
        "FROM golang:1.24 AS base\nRUN apt-get install -y curl\nFROM debian AS other\n"
        "RUN apt-get install -y git\nFROM base\nRUN mkdir /data\n",
        FILES,
    )
    found = take(facts.final)
    assert set(found.packages) == {"curl"}
    assert set(found.written) == {"/data"}


@pytest.mark.parametrize(
    ("run", "cloned"),
    [
        ("git clone https://example.com/a/b.git /srv/b", ["/srv/b"]),
        ("cd /srv && git clone --depth 1 https://example.com/a/b", ["/srv/b"]),
        ("git clone $URL", []),
        ("git checkout main", []),
    ],
)
def test_cloned(tmp_path: Path, run: str, cloned: list[str]) -> None:
    assert list(left(tmp_path, run).cloned) == cloned
