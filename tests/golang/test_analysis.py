"""Following imports, and the needs that are not files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.golang.analysis import ProgramNeeds, analyse
from gorewrite.shell import ANYTHING, Argument, Some
from tests.golang.programs import MODULE, main, paths, program, programs
from tests.golang.trees import MemoryTree

SIGNALS = (
    "time_zones",
    "local_time",
    "tls",
    "users",
    "temp_files",
    "home",
    "caller_paths",
    "toolchain_paths",
    "plugins",
    "build_info",
    "mime_types",
    "self_path",
    "symbols",
    "services",
    "resolver",
    "shared_libraries",
)


def signals(needs: ProgramNeeds) -> set[str]:
    return {name for name in SIGNALS if getattr(needs, name)}


@pytest.mark.parametrize(
    ("body", "imports", "expected"),
    [
        ('time.LoadLocation("Europe/Berlin")', ["time"], {"time_zones"}),
        ("time.LoadLocation(name)", ["time"], {"time_zones"}),
        ('cron.New()', ["github.com/robfig/cron/v3"], {"time_zones"}),
        ('dsn := "root@/db?loc=Asia%2FTokyo"', ["os"], {"time_zones"}),
        ('x := "CRON_TZ=Asia/Tokyo 0 6 * * *"', ["os"], {"time_zones"}),
        ("now.In(time.Local)", ["time"], {"local_time"}),
        ("c := &http.Client{}", ["net/http"], {"tls"}),
        ('get("https://example.com")', ["os"], {"tls"}),
        ("x()", ["crypto/tls"], {"tls"}),
        ("s3.New(cfg)", ["github.com/aws/aws-sdk-go-v2/service/s3"], {"tls"}),
        ("user.Current()", ["os/user"], {"users"}),
        ('os.CreateTemp("", "x")', ["os"], {"temp_files"}),
        ('r.FormFile("file")', ["net/http"], {"temp_files"}),
        ('p := "/tmp/x.sock"', ["os"], {"temp_files"}),
        ("os.UserHomeDir()", ["os"], {"home"}),
        ('os.Getenv("HOME")', ["os"], {"home"}),
        ("homedir.Dir()", ["github.com/mitchellh/go-homedir"], {"home", "users"}),
        ("_, f, _, _ := runtime.Caller(0)\nd := filepath.Dir(f)", ["runtime", "path/filepath"],
         {"caller_paths"}),
        ("_, f, _, _ := runtime.Caller(0)\nd := strings.TrimSuffix(f, \"/cmd/main.go\")",
         ["runtime", "strings"], {"caller_paths"}),
        ("_, f, _, _ := runtime.Caller(0)\nd := f[:strings.LastIndex(f, \"/\")]",
         ["runtime", "strings"], {"caller_paths"}),
        ("f, _ := runtime.FuncForPC(pc).FileLine(0)\nd := filepath.Dir(f)",
         ["runtime", "path/filepath"], {"caller_paths"}),
        ("n := runtime.FuncForPC(pc).Name()\nd := filepath.Dir(n)", ["runtime", "path/filepath"],
         set()),
        ("os.Setenv(\"GODEBUG\", \"netdns=cgo\")", ["os"], {"resolver"}),
        ("runtime.GOROOT()", ["runtime"], {"toolchain_paths"}),
        ("build.Default.Import()", ["go/build"], {"toolchain_paths"}),
        ('plugin.Open("x.so")', ["plugin"], {"plugins"}),
        ("debug.ReadBuildInfo()", ["runtime/debug"], {"build_info"}),
        ("mime.TypeByExtension(x)", ["mime"], {"mime_types"}),
        ("http.FileServer(x)", ["net/http"], {"mime_types"}),
        ("os.Executable()", ["os"], {"self_path"}),
        ("name := os.Args[0]", ["os"], {"self_path"}),
        ("elf.Open(x)", ["debug/elf"], {"symbols"}),
        ('net.Dial("tcp", "example.com:http")', ["net"], {"services"}),
        ("purego.Dlopen(x, 0)", ["github.com/ebitengine/purego"], {"shared_libraries"}),
    ],
)  # fmt: skip
def test_signals(body: str, imports: list[str], expected: set[str]) -> None:
    assert signals(program(body, *imports)) == expected


@pytest.mark.parametrize(
    ("body", "imports"),
    [
        ('time.LoadLocation("UTC")', ["time"]),
        ('time.LoadLocation("Local")', ["time"]),
        ("time.LoadLocation(name)", ["time", "_ time/tzdata"]),
        ('dsn := "root@/db?parseTime=true&loc=Local"', ["os"]),
        ("// time.LoadLocation(x)", ["time"]),
        ('x := "time.LoadLocation"', ["time"]),
        ("clock.LoadLocation(name)", ["time"]),
        ("time.Now()", ["time"]),
        ("http.HandleFunc(p, h)", ["net/http"]),
        ("// see https://example.com", ["os"]),
        ("_, f, line, _ := runtime.Caller(1)\nlog.Print(f, line)", ["runtime", "log"]),
        ("_, f, _, _ := runtime.Caller(1)\nlog.Print(f[strings.LastIndex(f, \"/\")+1:])",
         ["runtime", "log", "strings"]),
        ('x := "netdns=go"', ["os"]),
        ('x := "/var/tmp/x"', ["os"]),
        ("args := os.Args[1:]", ["os"]),
        ("Executable()", ["os"]),
        ('url := "http://example.com:https/"', ["os"]),
        ("debug.Stack()", ["runtime/debug"]),
    ],
)  # fmt: skip
def test_no_signals(body: str, imports: list[str]) -> None:
    assert signals(program(body, *imports)) == set()


@pytest.mark.parametrize(
    ("kept", "used", "found"),
    [
        ("var _, file, _, _ = runtime.Caller(0)", "path.Dir(file)", True),
        ("var f string\n\nfunc init() { _, f, _, _ = runtime.Caller(0) }", "path.Dir(f)", True),
        ("func of() app { _, f, _, _ := runtime.Caller(0); return app{at: f} }", "path.Dir(a.at)",
         True),
        ("func of() string { _, f, _, _ := runtime.Caller(1); return name(f) }", "path.Dir(f)",
         False),
        ("var _, file, _, _ = runtime.Caller(0)", "path.Base(file)", False),
        ("var _, _, line, _ = runtime.Caller(0)", "path.Dir(file)", False),
    ],
)  # fmt: skip
def test_source_paths_that_a_package_keeps(kept: str, used: str, found: bool) -> None:
    source = f'package main\n\nimport "runtime"\n\n{kept}\n'
    tree = MemoryTree({"go.mod": MODULE, "kept.go": source, "main.go": main(used, "path")})
    assert bool(analyse(tree, ".").caller_paths) is found


def test_time_zones_are_linked_in_with_a_tag() -> None:
    tree = MemoryTree({"go.mod": MODULE, "main.go": main("time.LoadLocation(x)", "time")})
    assert analyse(tree, ".").time_zones
    assert not analyse(tree, ".", tags=frozenset({"timetzdata"})).time_zones


@pytest.mark.parametrize(
    ("body", "imports", "expected"),
    [
        ('exec.Command("git", "status")', ["os/exec"], ["git"]),
        ('exec.CommandContext(ctx, "/usr/bin/ffmpeg", args...)', ["os/exec"], ["/usr/bin/ffmpeg"]),
        ('p, err := exec.LookPath("wget")\nexec.Command(p)', ["os/exec"], ["wget"]),
        ("exec.Command(os.Args[1])", ["os/exec", "os"], [None]),
        ('exec.Command("sh", "-c", "ls | grep x && curl -s y")', ["os/exec"],
         ["sh", "ls", "grep", "curl"]),
        ('exec.Command("bash", "-c", script)', ["os/exec"], ["bash", None]),
        ('exec.Command("sh", "-c", "$(which x)")', ["os/exec"], ["sh", None, "which"]),
        ('exec.Command("bash", "-euo", "pipefail", "-c", "rm x")', ["os/exec"], ["bash", "rm"]),
        ('exec.Command("sh", "-c", "find . | xargs -n 1 rm -f")', ["os/exec"],
         ["sh", "find", "xargs", "rm"]),
        ('exec.Command("sh", "-c", ". ./x")', ["os/exec"], ["sh", ".", None]),
        ('exec.Command("sh", dir + "/x.sh")', ["os/exec"], ["sh", None]),
        ('exec.Command("bash")', ["os/exec"], ["bash", None]),
        ('exec.Command("timeout", "5", "curl", url)', ["os/exec"], ["timeout", "curl"]),
        ('exec.Command("sh", "run.sh")', ["os/exec"], ["sh", "./run.sh"]),
        ('syscall.Exec("/bin/app", nil, nil)', ["syscall"], ["/bin/app"]),
        ('os.StartProcess("/bin/app", nil, nil)', ["os"], ["/bin/app"]),
        ("run := exec.Command", ["os/exec"], [None]),
        ("chromedp.Run(ctx)", ["github.com/chromedp/chromedp"], ["chromium"]),
    ],
)  # fmt: skip
def test_programs(body: str, imports: list[str], expected: list[str | None]) -> None:
    assert programs(program(body, *imports)) == expected


@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        ('exec.Command("ls", "-l", "/x")', [("-l", "/x")]),
        ('exec.Command("ls", "-l", name)', [("-l", ANYTHING)]),
        ('cmd := exec.Command("ls")\ncmd.Args = append(cmd.Args, "-l")', [(ANYTHING,)]),
        ('exec.Command("ls", "/x/" + name)', [(Some("/x/"),)]),
        ('exec.Command("ls", args...)', [(ANYTHING,)]),
        ('args := []string{"-l", "/x"}\nexec.Command("ls", args...)', [("-l", "/x")]),
        ('exec.Command("ls", "-l"); exec.Command("ls", "-a")', [("-l",), ("-a",)]),
        ('p, _ := exec.LookPath("ls")', [()]),
    ],
)  # fmt: skip
def test_arguments_of_programs(body: str, arguments: list[tuple[Argument, ...]]) -> None:
    found = program(body, "os/exec").executes
    assert [each.arguments for each in found if each.program == "ls"] == arguments


def test_words_of_the_shell_are_no_programs() -> None:
    text = "cd /x && umask 077; export A=1; [ -f y ] || exit 1; wait"
    found = program(f'exec.Command("sh", "-c", "{text}")', "os/exec").executes
    assert [each.program for each in found if not each.builtin] == ["sh"]


@pytest.mark.parametrize(
    ("body", "imports"),
    [
        ('cobra.Command("git")', ["os/exec"]),
        ('exec.Command("git")', ["example.com/app/exec"]),
        ('// exec.Command("git")', ["os/exec"]),
        ("var c *exec.Cmd", ["os/exec"]),
    ],
)
def test_no_programs(body: str, imports: list[str]) -> None:
    own = {"exec/exec.go": "package exec\n\nfunc Command(string) {}\n"}
    assert programs(program(body, *imports, **own)) == []


def test_environment() -> None:
    body = """
    os.Getenv("PORT")
    os.LookupEnv(name)
    viper.BindEnv("db", "DB_URL")
    // os.Getenv("NO")
    os.Getenv(computed())
    """
    config = """package main

const name = "GOPATH"

type c struct {
	A string `env:"A_B,required"`
}
"""
    needs = program(body, "os", "github.com/spf13/viper", **{"config.go": config})
    assert needs.environment == {"PORT", "GOPATH", "DB_URL", "A_B"}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a.txt", ["a.txt"]),
        ("*.txt", ["a.txt", "b.txt"]),
        ('"a.txt" `b.txt`', ["a.txt", "b.txt"]),
        ("web", ["web/index.html", "web/js/x.js"]),
        ("all:web", ["web/.hidden", "web/_x", "web/index.html", "web/js/x.js"]),
        ("web/*", ["web/.hidden", "web/_x", "web/index.html", "web/js/x.js"]),
        ("web/*.html", ["web/index.html"]),
        ("missing", []),
        ("[", []),
        ("nested", []),
    ],
)
def test_embeds(pattern: str, expected: list[str]) -> None:
    text = f'package main\n\nimport "embed"\n\n//go:embed {pattern}\nvar files embed.FS\n'
    needs = program(
        "", "os",
        **{
            "assets.go": text, "a.txt": "", "b.txt": "", "web/index.html": "", "web/js/x.js": "",
            "web/.hidden": "", "web/_x": "", "nested/go.mod": "module x\n", "nested/x": "",
        },
    )  # fmt: skip
    assert sorted({path for embed in needs.embeds for path in embed.files}) == expected


@pytest.mark.parametrize(
    "text",
    [
        'package main\n\nimport "embed"\n\n// go:embed a.txt\nvar x string\n',
        'package main\n\nimport "embed"\n\nvar x = `\n//go:embed a.txt\n`\n',
        'package main\n\nimport "embed"\n\n/*\n//go:embed a.txt\n*/\nvar x string\n',
        "package main\n\n//go:embed a.txt\nvar x string\n",
    ],
)
def test_no_embeds(text: str) -> None:
    assert program("", "os", **{"assets.go": text, "a.txt": ""}).embeds == ()


def test_embeds_are_relative_to_their_package() -> None:
    text = 'package web\n\nimport _ "embed"\n\n//go:embed *.html\nvar page string\n'
    needs = program(
        "", "example.com/app/web", **{"web/web.go": text, "web/i.html": "", "i.html": ""}
    )
    (embed,) = needs.embeds
    assert (embed.directory, embed.pattern, embed.files) == ("web", "*.html", ("web/i.html",))


def package(name: str) -> str:
    return f'package {name}\n\nimport "os"\n\nfunc init() {{ os.Open("{name}") }}\n'


def test_local_replacements_and_workspaces_are_own_code() -> None:
    needs = analyse(
        MemoryTree(
            {
                "go.work": "go 1.24\n\nuse (\n\t./app\n\t./lib\n)\n",
                "app/go.mod": MODULE
                + "\nrequire (\n\texample.com/lib v0.0.0\n\texample.com/old v1.0.0\n)\n\n"
                "replace example.com/old => ../old\n",
                "app/cmd/server/main.go": main(
                    "", "example.com/lib/x", "example.com/old", "example.com/app/own"
                ),
                "app/own/own.go": package("own"),
                "lib/go.mod": "module example.com/lib\n\ngo 1.24\n",
                "lib/x/x.go": package("x"),
                "old/go.mod": "module example.com/old\n",
                "old/old.go": package("old"),
            }
        ),
        "app/cmd/server",
    )
    assert needs.packages == ("app/cmd/server", "app/own", "lib/x", "old")
    assert needs.modules == frozenset()
    assert sorted(map(str, paths(needs))) == ["old", "own", "x"]
    assert needs.cgo.verdict == "pure"


def test_modules_are_the_longest_required_prefix() -> None:
    tree = MemoryTree(
        {
            "go.mod": MODULE + "require (\n\tcorp.example/a v1.0.0\n\tcorp.example/a/b v1.0.0\n)\n",
            "main.go": main("", "corp.example/a/b/c", "github.com/x/y/z", "corp.example/ab"),
        }
    )
    assert analyse(tree, ".").modules == {"corp.example/a/b", "github.com/x/y", "corp.example/ab"}


def test_a_package_that_is_not_there_is_missing() -> None:
    needs = program("", "example.com/app/docs")
    assert [found.why for found in needs.missing] == [
        "package example.com/app/docs is not in the tree"
    ]
    assert needs.cgo.verdict == "unknown"


def test_vendored_packages_are_followed_for_embeds_but_not_for_reads() -> None:
    vendored = """package dep

import (
	_ "embed"
	"os"
)

//go:embed t.txt
var t string

func init() { os.Open("x") }
"""
    needs = analyse(
        MemoryTree(
            {
                "go.mod": MODULE + "require corp.example/dep v1.0.0\n",
                "vendor/modules.txt": "# corp.example/dep v1.0.0\n## explicit\ncorp.example/dep\n",
                "vendor/corp.example/dep/dep.go": vendored,
                "vendor/corp.example/dep/t.txt": "",
                "main.go": main("", "corp.example/dep"),
            }
        ),
        ".",
    )
    assert needs.packages == (".", "vendor/corp.example/dep")
    assert needs.modules == {"corp.example/dep"}
    assert [embed.files for embed in needs.embeds] == [("vendor/corp.example/dep/t.txt",)]
    assert needs.reads == ()
    assert needs.cgo.verdict == "pure"


@pytest.mark.parametrize("files", [{}, {"a.go": "package lib\n"}, {"a.go": "no go"}])
def test_not_main(files: dict[str, str]) -> None:
    assert analyse(MemoryTree({"go.mod": MODULE, **files}), ".").not_main


def test_files_for_older_and_newer_go_are_both_looked_at() -> None:
    files = {
        f"{name}.go": f"//go:build {tag}\n\n" + package("main").replace('"main"', f'"{name}"')
        for name, tag in [("old", "!go1.26"), ("new", "go1.26"), ("never", "!go1.20")]
    }
    assert sorted(map(str, paths(program("", "os", **files)))) == ["new", "old"]


def test_results_are_kept_per_tree_and_arguments() -> None:
    tree = MemoryTree({"go.mod": MODULE, "main.go": main("x()", "os")})
    assert analyse(tree, ".") is analyse(tree, "./")
    assert analyse(tree, ".") is not analyse(tree, ".", cgo=False)
    assert not analyse(tree, ".").not_main


def test_what_modules_need_by_themselves() -> None:
    needs = program("", "_ github.com/joho/godotenv/autoload", "github.com/hashicorp/go-plugin")
    assert [(read.path, read.required) for read in needs.reads] == [(".env", False)]
    assert [place.text for place in needs.extra] == [
        "github.com/hashicorp/go-plugin: starts plugin executables, which must be in the image"
    ]


def test_relative_imports_outside_modules() -> None:
    tree = MemoryTree({"main.go": main("", "./lib", "./none"), "lib/lib.go": package("lib")})
    needs = analyse(tree, ".")
    assert paths(needs) == ["lib"]
    assert [found.why for found in needs.missing] == ["package ./none is not in the tree"]


@given(st.binary(max_size=200), st.text("\"`/*(){}.\n osOpenimport\\'", max_size=80))
def test_no_input_makes_it_fail(data: bytes, text: str) -> None:
    head = b'package main\n\nimport "os"\n\nfunc main() {\n'
    source = head + data + text.encode() + b'os.Open("a")'
    analyse(MemoryTree({"go.mod": MODULE, "main.go": source}), ".")


def test_damaged_files_do_not_stop_the_analysis() -> None:
    text = 'package main\n\nimport "os"\n\nfunc main() {\n\tos.Open("a"\n\tif {{{\n\tos.Open("b")\n'
    needs = program("", "os", **{"main.go": text})
    assert set(paths(needs)) <= {"a", "b", None}
