"""What a runtime image must bring: the command, the RUNs and the sources, joined."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.runtime.requirements import Requirements, requirements
from tests.repositories import GO_MOD, SHOP, facts_of

TOP = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN CGO_ENABLED=0 go build -o shop .\n"
END = 'CMD ["./shop"]\n'


def needs(top: Path, lines: str = "", body: str = "", *imports: str) -> Requirements:
    """The needs of a shop; body: of its main function, which imports `imports`."""
    files = dict(SHOP)
    if body:
        names = "".join(f'import "{name}"\n' for name in imports)
        files["main.go"] = f"package main\n\n{names}\nfunc main() {{ {body} }}\n"
    text = TOP + (lines if "\nCMD" in lines else lines + END)
    return requirements(facts_of(top, text, {"go.mod": GO_MOD, **files}).final)


def test_nothing_but_the_binary(tmp_path: Path) -> None:
    found = needs(tmp_path)
    assert found.static and not found.cxx and found.because
    assert found.userland == ()
    assert (found.tools, found.explicit, found.libraries, found.doubts) == ({}, {}, {}, [])


@pytest.mark.parametrize(
    "lines",
    [
        "RUN apt-get update && apt-get install -y git gcc make\n",
        "RUN apk add --no-cache build-base\n",
        "RUN apt-get install -y ca-certificates && apt-get purge -y ca-certificates\n",
        "ENV PORT=80\nEXPOSE 80\nUSER nobody\n",
        "RUN go vet ./...\n",
    ],
)
def test_what_only_builds_needs_nothing(tmp_path: Path, lines: str) -> None:
    found = needs(tmp_path, lines)
    assert (found.userland, found.explicit, found.doubts) == ((), {}, [])


@pytest.mark.parametrize(
    ("body", "imports", "tools", "shell", "any_command"),
    [
        ('exec.Command("git", "log").Run()', ("os/exec",), {"git"}, False, False),
        ('exec.Command("/usr/bin/git").Run()', ("os/exec",), {"git"}, False, False),
        ('exec.Command("sh", "-c", "ls").Run()', ("os/exec",), {"sh", "ls"}, True, False),
        (
            'exec.Command("sh", "-c", "cd /x && umask 7 && ls").Run()',
            ("os/exec",),
            {"sh", "ls"},
            True,
            False,
        ),
        ('exec.Command("kill", "1").Run()', ("os/exec",), {"kill"}, False, False),
        ('exec.Command("bash").Run()', ("os/exec",), {"bash"}, True, True),
        ("exec.Command(os.Args[1]).Run()", ("os", "os/exec"), set(), False, True),
        ('exec.Command("./helper").Run()', ("os/exec",), set(), False, False),
        ('exec.Command("/app/shop").Run()', ("os/exec",), set(), False, False),
        ('println("exec.Command(git)")', (), set(), False, False),
    ],
)
def test_programs_that_the_program_starts(
    tmp_path: Path, body: str, imports: tuple[str, ...], tools: set[str], shell: bool,
    any_command: bool,
) -> None:  # fmt: skip
    found = needs(tmp_path, "", body, *imports)
    assert set(found.tools) == tools
    assert (bool(found.shell or found.bash), bool(found.any_command)) == (shell, any_command)
    assert bool(found.doubts) == any_command


@pytest.mark.parametrize(
    ("words", "ssh"),
    [
        ('"clone", os.Args[1]', True),
        ('"-C", "/data", "fetch"', True),
        ("os.Args[1:]...", True),
        ('"sh", "-c"', False),
        ('"--version"', False),
        ('"-C", "/data", "log", os.Args[1]', False),
        ('"clone", "https://git.example.com/shop.git"', False),
    ],
)
def test_git_may_need_ssh(tmp_path: Path, words: str, ssh: bool) -> None:
    found = needs(tmp_path, "", f'exec.Command("git", {words}).Run()', "os", "os/exec")
    assert ("ssh" in found.tools) == ssh


@pytest.mark.parametrize(
    ("lines", "doubt"),
    [
        ("RUN ldconfig\n", True),
        ("RUN tar -xzf tax.tgz -C /usr/local\n", True),
        ("RUN cp libtax.so /usr/lib/\n", True),
        ("COPY libtax.so.1 /opt/\n", True),
        ("ENV LD_LIBRARY_PATH=/opt\n", True),
        ("RUN tar -xzf go1.24.0.tgz -C /usr/local\n", False),
        ("RUN curl -o /usr/local/bin/buf https://example.com/buf\n", False),
    ],
)
def test_libraries_of_unknown_needs(tmp_path: Path, lines: str, doubt: bool) -> None:
    text = TOP.replace("CGO_ENABLED=0", "CGO_ENABLED=1") + lines + END
    files = {"go.mod": GO_MOD, "main.go": 'package main\n\nimport "C"\n\nfunc main() {}\n'}
    if "libtax.so.1" in lines:
        files["libtax.so.1"] = "library"
    found = requirements(facts_of(tmp_path, text, files).final)
    assert any("librar" in unknown.why for unknown in found.doubts) == doubt


@pytest.mark.parametrize("name", ["go", "gcc", "gofmt"])
def test_toolchain_at_run_time(tmp_path: Path, name: str) -> None:
    refusal = needs(tmp_path, "", f'exec.Command("{name}").Run()', "os/exec").entry.refusal
    assert refusal is not None and refusal[0] == "needs-toolchain-at-runtime"


def test_tool_that_go_installs(tmp_path: Path) -> None:
    lines = "RUN go install example.com/tools/migrate@v1\n"
    found = needs(tmp_path, lines, 'exec.Command("migrate").Run()', "os/exec")
    assert found.tools == {}


@pytest.mark.parametrize(
    ("lines", "explicit"),
    [
        ("RUN apt-get install -y ffmpeg\n", {"ffmpeg"}),
        ("RUN apt-get install -y curl\n", set()),
        ("RUN apt-get install -y curl\nHEALTHCHECK CMD curl localhost\n", {"curl"}),
        ("RUN apt-get install -y bash\n", set()),
        ('RUN apk add bash\nCMD ["bash", "-c", "./shop"]\n', {"bash"}),
    ],
)
def test_packages_that_stay(tmp_path: Path, lines: str, explicit: set[str]) -> None:
    assert set(needs(tmp_path, lines).explicit) == explicit


def test_any_command_may_use_any_package(tmp_path: Path) -> None:
    lines = "RUN apt-get install -y curl gcc\n"
    found = needs(tmp_path, lines, "exec.Command(os.Args[1]).Run()", "os", "os/exec")
    assert set(found.explicit) == {"curl"}


@pytest.mark.parametrize(
    ("body", "doubt"),
    [
        ('os.ReadFile("/usr/share/dict/words")', True),
        ('os.ReadFile("/opt/vendor/license")', True),
        ('os.ReadFile("/proc/cpuinfo")', False),
        ('os.ReadFile("/etc/ssl/certs/ca.pem")', False),
        ('os.ReadFile("/usr/share/zoneinfo/UTC")', False),
        ('os.ReadFile("/app/main.go")', False),
        ('os.ReadFile("words")', False),
    ],
)
def test_files_of_the_base_image(tmp_path: Path, body: str, doubt: bool) -> None:
    assert bool(needs(tmp_path, "", body, "os").doubts) == doubt


def test_time_zones_and_mime_types(tmp_path: Path) -> None:
    found = needs(tmp_path, "", 'time.LoadLocation("Asia/Tokyo")', "time")
    assert found.time_zones and not found.mime_types
    assert needs(tmp_path, "ENV TZ=UTC\n", 'println("x")').time_zones
    assert needs(tmp_path, "", 'mime.TypeByExtension(".x")', "mime").mime_types


def test_program_that_is_not_built_here(tmp_path: Path) -> None:
    text = TOP + 'COPY other /bin/\nCMD ["/bin/other"]\n'
    found = requirements(facts_of(tmp_path, text, {**SHOP, "other": "\x7fELF"}).final)
    assert not found.static and found.cxx, "nothing is known of it"


def test_cgo_libraries_stay_with_it(tmp_path: Path) -> None:
    text = (
        TOP.replace("CGO_ENABLED=0", "CGO_ENABLED=1") + "RUN apt-get install -y libpq-dev\n" + END
    )
    files = {"go.mod": GO_MOD, "main.go": 'package main\n\nimport "C"\n\nfunc main() {}\n'}
    found = requirements(facts_of(tmp_path, text, files).final)
    assert not found.static
    assert set(found.libraries) == {"libpq-dev"}
    assert needs(tmp_path, "RUN apt-get install -y libpq-dev\n").libraries == {}


@pytest.mark.parametrize(
    ("body", "beyond"),
    [
        ('exec.Command("ls", "-l", "/x").Run()', []),
        ('exec.Command("ls", "-lZ").Run()', ["ls"]),
        ('exec.Command("ls", os.Args[1]).Run()', ["ls"]),
        ('exec.Command("head", "-n", os.Args[1], "/x").Run()', []),
        ('exec.Command("cat", "/x/" + os.Args[1]).Run()', []),
        ('exec.Command("sh", "-c", "ls | sort -h").Run()', ["sort"]),
        ('exec.Command("sh", "-c", "echo -e x").Run()', ["echo"]),
        ('exec.Command("git", "--strange").Run()', []),
        ('syscall.Exec("/bin/ls", os.Args, nil)', ["ls"]),
    ],
)
def test_beyond_busybox(tmp_path: Path, body: str, beyond: list[str]) -> None:
    assert list(needs(tmp_path, "", body, "os", "os/exec", "syscall").beyond_busybox) == beyond


@pytest.mark.parametrize(
    ("path", "doubts"),
    [("/etc/shells", 1), ("/etc/ld.so.conf.d/x", 0), ("/etc/login.defs", 1), ("/etc/hosts", 0)],
)
def test_tables_of_a_distribution(tmp_path: Path, path: str, doubts: int) -> None:
    body = f'if _, err := os.ReadFile("{path}"); err != nil {{ panic(err) }}'
    assert len(needs(tmp_path, "", body, "os").doubts) == doubts


def test_what_run_makes_is_not_of_the_base_image(tmp_path: Path) -> None:
    body = 'if _, err := os.ReadFile("/usr/share/x/a"); err != nil { panic(err) }'
    assert needs(tmp_path, "", body, "os").doubts
    for line in ("RUN tar xf /a.tgz -C /usr/share/x\n", "RUN git clone e.com/x /usr/share/x\n"):
        assert not needs(tmp_path, line, body, "os").doubts
