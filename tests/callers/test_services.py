"""Who runs a Dockerfile's image: compose services, explicit targets, tools that sync files."""

from pathlib import Path

import pytest

from gorewrite.callers.index import read_index
from gorewrite.callers.running import Service
from gorewrite.callers.services import Callers, hiding_mount, services
from tests.transforms.tools import rewrite


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def one(root: Path, text: str, **files: str) -> Service:
    """The only service that `compose.yaml` with this text runs of ./Dockerfile."""
    lay(root, {"compose.yaml": text, **files})
    (found,) = services(root / "Dockerfile", root, read_index(root))
    return found


def names(root: Path, files: dict[str, str], dockerfile: str = "Dockerfile") -> list[str]:
    lay(root, files)
    place = root / dockerfile
    return [service.name for service in services(place, place.parent, read_index(root))]


RUNS = [
    # compose file, its text, Dockerfile
    ("compose.yaml", "services: {a: {build: .}}", "Dockerfile"),
    ("docker-compose.dev.yml", "services:\n  a:\n    build: ./\n", "Dockerfile"),
    ("compose.yaml", "services:\n  a:\n    build:\n      dockerfile: x.Dockerfile", "x.Dockerfile"),
    ("compose.yaml", "services:\n  a:\n    build: {context: svc}", "svc/Dockerfile"),
    ("deploy/compose.yml", "services:\n  a:\n    build: ..", "Dockerfile"),
    (
        "compose.yaml",
        'services:\n  "a":\n    build:\n      context: .\n      dockerfile: ./svc/Dockerfile',
        "svc/Dockerfile",
    ),
    # a default is taken, and the service is uncertain
    ("compose.yaml", "services: {a: {build: '${CONTEXT:-.}'}}", "Dockerfile"),
    # an anchor, merged
    ("compose.yaml", "x-a: &a\n  build: .\nservices:\n  a:\n    <<: *a\n", "Dockerfile"),
    # another one's build, extended
    ("compose.yaml", "services: {b: {build: x}, a: {extends: {service: b}}}", "x/Dockerfile"),
]


@pytest.mark.parametrize(("file", "text", "dockerfile"), RUNS)
def test_a_service_that_builds_it(tmp_path: Path, file: str, text: str, dockerfile: str) -> None:
    lay(tmp_path, {dockerfile: ""})
    assert "a" in names(tmp_path, {file: text}, dockerfile)


RUNS_NOT = [
    "services: {a: {image: postgres}}",
    "services: {a: {build: other}}",
    "services: {a: {build: {context: ., dockerfile: Other}}}",
    "services: {a: {build: {context: ., dockerfile_inline: FROM scratch}}}",
    "services: {a: {build: 'https://example.com/a.git'}}",
    "services: {a: {build: missing/directory}}",
    "# services: {a: {build: .}}",
    "services:",
    "",
    "volumes: {a: {}}",
]


@pytest.mark.parametrize("text", RUNS_NOT)
def test_no_service_of_it(tmp_path: Path, text: str) -> None:
    lay(tmp_path, {"other/Dockerfile": "", "Dockerfile": ""})
    assert names(tmp_path, {"compose.yaml": text}) == []


def test_the_env_file_names_its_dockerfile(tmp_path: Path) -> None:
    text = "services: {a: {build: {context: ., dockerfile: $FILE}}, b: {build: {context: '${B}'}}}"
    settings = "# paths\nFILE=./svc/Dockerfile\nB='other'\n"
    lay(tmp_path, {"svc/Dockerfile": "", "other/Dockerfile": "", ".env": settings})
    files = {"compose.yaml": text}
    assert names(tmp_path, files, "svc/Dockerfile") == ["a"]
    assert names(tmp_path, files, "other/Dockerfile") == ["b"]
    assert names(tmp_path, files) == []


def test_the_image_that_another_builds(tmp_path: Path) -> None:
    text = "services:\n  a: {build: ., image: shop}\n  b: {image: shop}\n  c: {image: other}\n"
    assert names(tmp_path, {"compose.yaml": text}) == ["a", "b"]


def test_commands_that_start_compose_are_no_compose_files(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services: {a: {build: .}}",
        "Makefile": "up:\n\tdocker compose build\n",
    }
    lay(tmp_path, {"Dockerfile": ""})
    assert names(tmp_path, files) == ["a"]


def test_an_override_is_merged(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {
            "compose.yaml": "services: {a: {build: {context: ., target: prod}, command: ./a}}",
            "compose.override.yaml": "services: {a: {volumes: ['.:/app'], build: {target: dev}}}",
            "other/compose.yaml": "services: {a: {command: never}}",
        },
    )
    base, over = services(tmp_path / "Dockerfile", tmp_path, read_index(tmp_path))
    assert base.target and base.target.text == "prod" and not base.mounts
    assert over.target and over.target.text == "dev"
    assert over.command and over.command.words == ("./a",)
    assert over.command.evidence.path == "compose.yaml"
    assert [mount.target for mount in over.mounts] == ["/app"]
    assert over.mounts[0].evidence.path == "compose.override.yaml"


def test_everything_of_a_service(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        "services:\n"
        "  shop:\n"
        "    build:\n"
        "      context: .   # here\n"
        "      target: Dev\n"
        "    command:\n"
        "      - ./server\n"
        "      - --addr=:80 # not this\n"
        "    entrypoint: tini -- \n"
        "    working_dir: /app\n"
        "    user: '1000:1000'\n"
        "    healthcheck: {test: 'curl -f http://localhost/ || exit 1'}\n",
    )
    assert not found.uncertain
    assert found.target and (found.target.text, found.target.evidence.line) == ("Dev", 5)
    assert found.command and found.command.words == ("./server", "--addr=:80")
    assert str(found.command.evidence) == "compose.yaml:6: command:"
    assert found.entrypoint and found.entrypoint.words == ("tini", "--")
    assert found.working_dir and found.working_dir.text == "/app"
    assert found.user and found.user.text == "1000:1000"
    assert found.healthcheck is not None
    assert found.healthcheck.words == ("CMD-SHELL", "curl -f http://localhost/ || exit 1")


def test_what_runs_beside_its_command(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        "services:\n"
        "  shop:\n"
        "    build: .\n"
        "    container_name: till\n"
        "    post_start: [{command: chown -R 1 /data, user: root}]\n"
        "    pre_stop: [{command: [drain, -v]}, {user: root}]\n"
        "    develop:\n"
        "      watch:\n"
        "        - {action: sync+exec, path: a, target: /a, exec: {command: kill -HUP 1}}\n"
        "        - {action: rebuild, path: b}\n",
    )
    assert [hook.words[1:] for hook in found.hooks] == [
        ("chown", "-R", "1", "/data"),
        ("drain", "-v"),
        ("kill", "-HUP", "1"),
    ]
    assert found.container == "till"


COMMANDS = [
    ("command: go run .", ("go", "run", ".")),
    ("command: sh -c 'a && b'", ("sh", "-c", "a && b")),
    ("command: >\n      ./a\n      --b", ("./a", "--b")),
    ('command: ["./a", "b c"]', ("./a", "b c")),
    ("command: []", ()),
    ("command: ''", ()),
    ("command: sh -c 'echo $$HOME'", ("sh", "-c", "echo $HOME")),
]


@pytest.mark.parametrize(("text", "words"), COMMANDS)
def test_a_command(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    found = one(tmp_path, f"services:\n  a:\n    build: .\n    {text}\n")
    assert found.command is not None and found.command.words == words
    assert not found.uncertain


@pytest.mark.parametrize("text", ["command:", "command: null", "command: ~"])
def test_no_command(tmp_path: Path, text: str) -> None:
    assert one(tmp_path, f"services:\n  a:\n    build: .\n    {text}\n").command is None


UNCERTAIN = [
    "command: !reset []",
    "command: ./a $MODE",
    "command: ./a && ./b",
    "command: ./a 'b",
    "command: *nowhere",
    "healthcheck: {test: !x y}",
    "volumes:\n      - {type: bind, source: *x, target: /a}",
    "volumes:\n      - [a, b]",
    "user: ${WHO}",
    "build: {target: 1}",  # twice the key
    "extends: {file: missing.yaml, service: b}",
]


@pytest.mark.parametrize("text", UNCERTAIN)
def test_what_is_not_read_is_said(tmp_path: Path, text: str) -> None:
    lay(
        tmp_path,
        {"compose.yaml": f"services:\n  a:\n    build: .\n    {text}\n  b: {{build: x}}\n"},
    )
    (found,) = services(tmp_path / "Dockerfile", tmp_path, read_index(tmp_path))
    assert found.uncertain
    assert found.uncertain[0].evidence[0].path == "compose.yaml"


def test_a_file_that_is_not_read_at_all(tmp_path: Path) -> None:
    lay(tmp_path, {"compose.yaml": "\tservices:\n", "other/compose.yaml": "\tservices:\n"})
    (found,) = services(tmp_path / "Dockerfile", tmp_path, read_index(tmp_path))
    assert found.name == "" and found.uncertain


MOUNTS = [
    (".:/app", [(".", "/app", "bind")]),
    ("./src:/app:ro", [("./src", "/app", "bind")]),
    ("'${PWD}:/app:cached'", [("${PWD}", "/app", "bind")]),
    ("${SRC:-./x}:/app", [("${SRC:-./x}", "/app", "bind")]),
    ("{type: bind, source: ., target: /app}", [(".", "/app", "bind")]),
    ("{source: ., target: /app, type: volume}", []),
    ("{type: tmpfs, target: /app}", []),
    ("data:/app", []),
    ("/app", []),
]


@pytest.mark.parametrize(("text", "expected"), MOUNTS)
def test_mounts(tmp_path: Path, text: str, expected: list[tuple[str, str, str]]) -> None:
    found = one(tmp_path, f"services:\n  a:\n    build: .\n    volumes:\n      - {text}\n")
    assert [(m.source, m.target, m.kind) for m in found.mounts] == expected


def test_watch(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        "services:\n  a:\n    build: .\n    develop:\n      watch:\n"
        "        - {action: rebuild, path: go.mod}\n"
        "        - action: sync+restart\n          path: ./web\n          target: /app/web\n",
    )
    assert [(m.source, m.target, m.kind) for m in found.mounts] == [("./web", "/app/web", "sync")]


HIDES = [
    # mount, files on the host, whether the image's program or sources are hidden
    (".:/app", {}, True),
    ("../:/app", {}, True),
    ("./src:/app", {"src/main.go": ""}, True),
    ("./src:/go/src", {"src/app/go.mod": ""}, False),
    ("./bin:/usr/local/bin", {}, True),
    ("./server:/usr/local/bin/server", {}, True),
    ("'${SRC}:/app'", {}, True),
    ("./data:/app", {"data/a.json": ""}, False),
    ("./data:/app/data", {}, False),
    ("./shop.toml:/etc/shop.toml", {}, False),
    (".:/src", {}, False),
    (".:/app/src", {}, False),
]


@pytest.mark.parametrize(("mount", "files", "hides"), HIDES)
def test_what_a_mount_hides(tmp_path: Path, mount: str, files: dict[str, str], hides: bool) -> None:
    root = tmp_path / "shop"
    lay(root, files)
    found = one(root, f"services:\n  a:\n    build: .\n    volumes: [{mount}]\n")
    hidden = hiding_mount(found, "/app", ["/usr/local/bin/server"], root, root)
    assert (hidden is not None) is hides


ARTIFACT = "apiVersion: skaffold/v4beta13\nkind: Config\nbuild:\n  artifacts:\n  - image: a\n"
OTHER = ARTIFACT + "    context: other\n"

TARGETS = [
    ("Makefile", "x:\n\tdocker build --target dev .\n", True),
    ("Makefile", "x:\n\tdocker build --target=Dev \\\n\t  -t x .\n", True),
    ("build.sh", "cd x\ndocker buildx build --target dev $CONTEXT\n", True),
    ("scripts/image.sh", "docker build --target dev -f Dockerfile .\n", True),
    (".github/workflows/a.yml", "jobs: {a: {steps: [{with: {target: dev}}]}}", False),
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n"
        "        with:\n          context: .\n          target: dev\n",
        True,
    ),
    ("docker-bake.hcl", 'target "a" {\n  context = "."\n  target = "dev"\n}\n', True),
    (
        "skaffold.yaml",
        ARTIFACT + "    docker: {target: dev}\n",
        True,
    ),
    ("Tiltfile", "docker_build('a', '.', target='dev')\n", True),
    ("Makefile", "x:\n\tdocker build --target dev other\n", False),
    ("Makefile", "x:\n\tdocker build --target dev -f other/Dockerfile .\n", False),
    ("Makefile", "x:\n\t# docker build --target dev .\n", False),
    ("Makefile", "x:\n\tcargo build --target dev .\n", False),
    ("Makefile", "x:\n\tdocker build --target $(STAGE) .\n", False),
    ("docker-bake.hcl", 'target "a" {\n  dockerfile = "b"\n  target = "dev"\n}\n', False),
    (
        "skaffold.yaml",
        OTHER + "    docker: {target: dev}\n",
        False,
    ),
]


@pytest.mark.parametrize(("file", "text", "expected"), TARGETS)
def test_targets(tmp_path: Path, file: str, text: str, expected: bool) -> None:
    lay(tmp_path, {"Dockerfile": "", "other/Dockerfile": "", file: text})
    found = read_index(tmp_path).targets(tmp_path / "Dockerfile")
    assert [(name, where.path) for name, where in found] == ([("dev", file)] if expected else [])


SYNCS = [
    (
        "skaffold.yaml",
        ARTIFACT + "    sync: {infer: ['**/*']}\n",
        True,
    ),
    ("Tiltfile", "docker_build(\n  'a', '.',\n  live_update=[sync('.', '/app')])\n", True),
    ("skaffold.yaml", ARTIFACT, False),
    (
        "skaffold.yaml",
        OTHER + "    sync: {auto: true}\n",
        False,
    ),
    ("Tiltfile", "docker_build('a', 'other', live_update=[sync('.', '/app')])\n", False),
    ("Tiltfile", "# docker_build('a', '.', live_update=[sync('.', '/app')])\n", False),
]


@pytest.mark.parametrize(("file", "text", "expected"), SYNCS)
def test_live_sync(tmp_path: Path, file: str, text: str, expected: bool) -> None:
    lay(tmp_path, {"Dockerfile": "", "other/Dockerfile": "", file: text})
    found = read_index(tmp_path).syncs(tmp_path / "Dockerfile")
    assert [(name, where.path) for name, where in found] == ([(None, file)] if expected else [])


def test_which_services_run_a_stage(tmp_path: Path) -> None:
    text = "services: {a: {build: {target: dev}}, b: {build: .}, c: {build: {target: '0'}}}"
    lay(tmp_path, {"compose.yaml": text.replace("{target", "{context: ., target")})
    callers = Callers(tmp_path / "Dockerfile", tmp_path, tmp_path, read_index(tmp_path))
    assert [s.name for s in callers.running(["0", "dev"], final=True)] == ["a", "b", "c"]
    assert [s.name for s in callers.running(["1"], final=True)] == ["b"]
    assert [s.name for s in callers.running(["0", "dev"], final=False)] == ["a", "c"]
    assert [e.line for e in callers.targeting(["dev"])] == [1]


DOCKERFILE = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN CGO_ENABLED=0 go build -o server .\n"
SOURCES = {
    "go.mod": "module example.com/shop\n\ngo 1.24\n",
    "main.go": "package main\n\nfunc main() {}\n",
}


def split(dockerfile: str, compose: str, **files: str) -> tuple[str, str]:
    """(what becomes of it: a refusal's code or "safe"/"review", the new text)."""
    given = {**SOURCES, "compose.yaml": f"services:\n  shop:\n    build: .\n{compose}", **files}
    text, changes, refusals = rewrite(dockerfile, given, "split-stages", review=True)
    if refusals:
        return refusals[0].code, text
    return str(changes[0].safety), text


OUTCOMES = [
    ("", "", "no-entrypoint"),
    ("", "    command: ./server\n", "review"),
    ("", "    command: ./missing\n", "output-path-unresolved"),
    ("", "    command: [air]\n", "dev-or-test-image"),
    ("", "    command: sleep infinity\n", "no-entrypoint"),
    ('CMD ["./server"]\n', "    command: ./server -v\n", "safe"),
    ('CMD ["./server"]\n', "    command: ./server $FLAGS\n", "review"),
    ('CMD ["./server"]\n', "    command: $PROGRAM\n", "entrypoint-unknown"),
    ('CMD ["./server"]\n', "    command: ./missing\n", "output-path-unresolved"),
    ('CMD ["./server"]\n', "    entrypoint: go run .\n", "dev-or-test-image"),
    ('ENTRYPOINT ["./server"]\n', "    command: go run .\n", "safe"),
    ("ENTRYPOINT ./server\n", "    command: go run .\n", "safe"),
    ('CMD ["./server"]\n', "    working_dir: /app\n    user: '1000'\n", "safe"),
    ('CMD ["./server"]\n', "    working_dir: /srv\n", "review"),
    ('CMD ["./server"]\n', "    user: shop\n", "review"),
    ('CMD ["./server"]\n', "    volumes: ['.:/app']\n", "dev-bind-mount"),
    ('CMD ["./server"]\n', "    volumes: ['./data:/app/data']\n", "safe"),
    ('CMD ["./server"]\n', "    healthcheck: {test: [CMD, ./server, -check]}\n", "safe"),
    ('CMD ["./server"]\n', "    healthcheck: {test: [CMD, strange]}\n", "tool-unknown"),
    ('CMD ["./server"]\n', "    healthcheck: {disable: true}\n", "safe"),
]


@pytest.mark.parametrize(("command", "compose", "expected"), OUTCOMES)
def test_what_the_split_makes_of_it(command: str, compose: str, expected: str) -> None:
    assert split(DOCKERFILE + command, compose)[0] == expected


def test_a_program_in_the_path_of_the_go_image() -> None:
    dockerfile = DOCKERFILE.replace("build -o server .", "install .")
    assert split(dockerfile + 'CMD ["shop"]\n', "")[0] == "safe"
    assert split(dockerfile + 'CMD ["shop"]\n', "    command: shop -v\n")[0] == "safe"
    assert split(dockerfile + 'CMD ["shop"]\n', "    command: /go/bin/shop\n")[0] == "safe"


def test_arguments_that_an_entrypoint_script_runs() -> None:
    dockerfile = DOCKERFILE + 'ENTRYPOINT ["/app/run.sh"]\nCMD ["./server"]\n'
    script = '#!/bin/sh\nexec "$@"\n'
    files = {"run.sh": script}
    assert split(dockerfile, "    command: ./server -v\n", **files)[0] == "safe"
    assert split(dockerfile, "    command: go test ./...\n", **files)[0] == "dev-or-test-image"


def test_a_sync_needs_its_tools() -> None:
    watch = "    develop: {watch: [{action: sync, path: ./web, target: /app/web}]}\n"
    outcome, text = split(DOCKERFILE + 'CMD ["./server"]\n', watch)
    assert outcome == "safe" and "FROM alpine" in text


def test_a_target_keeps_what_it_is() -> None:
    dockerfile = DOCKERFILE.replace("golang:1.24", "golang:1.24 AS shop") + 'CMD ["./server"]\n'
    compose = (
        "services:\n  dev:\n    build: {context: ., target: SHOP}\n"
        "    volumes: ['.:/app']\n    command: go run .\n"
    )
    outcome, text = split(dockerfile, "", **{"compose.yaml": compose})
    assert outcome == "review"
    assert text.startswith(dockerfile)
    assert text.count('CMD ["./server"]') == 2
