"""What generated programs do, in Go and in the model at the same time."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.adversarial.running import Process


@dataclass(frozen=True)
class Behaviour:
    """Something that a program does.

    code: Go statements; observe: what comes of it; imports: of the file; files: further sources,
    path below the package -> text; above: declarations on the level of the file.
    """

    code: str
    observe: Callable[[Process], str]
    imports: tuple[str, ...] = ("os",)
    files: dict[str, str] = field(default_factory=dict)
    above: str = ""


#: File in every context -> its text.
FILES = {
    "config.yml": "port: 80\n",
    "conf/app.toml": "a = 1\n",
    "conf/extra.toml": "b = 2\n",
    "templates/index.html": "<h1>{{.}}</h1>\n",
    "templates/mail/hello.txt": "hello\n",
    "static/app.js": "go();\n",
    "static/css/site.css": "h1 {}\n",
    "migrations/001.sql": "CREATE TABLE t();\n",
    "data/cities.csv": "Berlin\n",
    ".env": "MODE=fast\n",
    "docs/guide.md": "# Guide\n",
    "LICENSE": "do as you like\n",
    "uploads/.gitkeep": "",
    "README.md": "# Service\n",
}
DIRECTORIES = ("conf", "templates", "static", "migrations", "data", "docs")


def read_file(rng: Random) -> Behaviour:
    path = rng.choice(sorted(FILES))
    directory, name = posixpath.split(path)
    code, imports, above = rng.choice(
        [
            (f'os.ReadFile("{path}")', ("os",), ""),
            (f'os.ReadFile("./{path}")', ("os",), ""),
            (f'must(os.Open("{path}"))', ("os",), ""),
            (f'os.ReadFile(filepath.Join("{directory}", "{name}"))', ("os", "path/filepath"), ""),
            (
                f"os.ReadFile(file{name.title().translate(_DROPPED)})",
                ("os",),
                f'const file{name.title().translate(_DROPPED)} = "{path}"\n',
            ),
            (f"os.ReadFile(path{len(path)})", ("os",), f'var path{len(path)} = "{path}"\n'),
            (f'os.ReadFile(fmt.Sprintf("%s/%s", ".", "{path}"))', ("os", "fmt"), ""),
            (f'os.ReadFile("." + "/" + "{path}")', ("os",), ""),
            (
                f'for _, name := range []string{{"{path}", "config.yml"}} {{ os.ReadFile(name) }}',
                ("os",),
                "",
            ),
            (f'load := os.ReadFile; load("{path}")', ("os",), ""),
            (f'func(name string) {{ os.ReadFile(name) }}("{path}")', ("os",), ""),
            (f'fs.ReadFile(os.DirFS("."), "{path}")', ("os", "io/fs"), ""),
            (f'os.DirFS(".").Open("{path}")', ("os",), ""),
            (f'http.ServeFile(nil, nil, "{path}")', ("net/http",), ""),
            (f'template.Must(template.ParseFiles("{path}"))', ("html/template",), ""),
            (f'exec.Command("cat", "{path}").Run()', ("os/exec",), ""),
        ]
    )
    return Behaviour(_block(code), lambda process: process.read(path), imports, {}, above)


_DROPPED = {ord(char): None for char in "./_-"}


def _block(code: str) -> str:
    return "{ " + code + " }"


def read_directory(rng: Random) -> Behaviour:
    path = rng.choice(DIRECTORIES)
    code, imports = rng.choice(
        [
            (f'http.FileServer(http.Dir("{path}"))', ("net/http",)),
            (f'http.FileServer(http.Dir("./{path}/"))', ("net/http",)),
            (f'os.ReadDir("{path}")', ("os",)),
            (f'filepath.WalkDir("{path}", nil)', ("path/filepath",)),
            (f'filepath.Glob("{path}/*")', ("path/filepath",)),
            (f'template.ParseGlob("{path}/*.html")', ("html/template",)),
            (f'http.FileServerFS(os.DirFS("{path}"))', ("os", "net/http")),
            (f'root, _ := os.OpenRoot("{path}"); root.Open("x")', ("os",)),
            (
                f'dir := "{path}"; os.ReadFile(filepath.Join(dir, os.Args[0]))',
                ("os", "path/filepath"),
            ),
            (f'os.ReadFile("{path}/" + os.Getenv("NAME"))', ("os",)),
            (f'os.ReadFile(fmt.Sprintf("{path}/%s.html", os.Args[0]))', ("os", "fmt")),
        ]
    )
    return Behaviour(_block(code), lambda process: process.tree(path), imports)


def read_in_directory_entered(rng: Random) -> Behaviour:
    path = rng.choice(sorted(path for path in FILES if "/" in path))
    directory, name = posixpath.split(path)
    code = f'os.Chdir("{directory}"); os.ReadFile("{name}"); os.Chdir("/")'
    return Behaviour(_block(code), lambda process: process.read(path))


def read_beside_executable(rng: Random) -> Behaviour:
    path = rng.choice(sorted(FILES))
    code = (
        f'exe, _ := os.Executable(); os.ReadFile(filepath.Join(filepath.Dir(exe), "{path}"))'
        if rng.random() < 0.7
        else f'os.ReadFile(filepath.Join(filepath.Dir(os.Args[0]), "{path}"))'
    )
    return Behaviour(
        _block(code),
        lambda process: process.read(posixpath.join(posixpath.dirname(process.path), path)),
        ("os", "path/filepath"),
    )


def read_named_by_environment(rng: Random) -> Behaviour:
    name = rng.choice(["CONFIG", "APP_HOME", "DATA_DIR"])
    if name == "CONFIG":
        code = rng.choice(
            [
                'os.ReadFile(os.Getenv("CONFIG"))',
                'if p, ok := os.LookupEnv("CONFIG"); ok { os.ReadFile(p) }',
                'os.ReadFile(os.ExpandEnv("$CONFIG"))',
            ]
        )
        return Behaviour(
            _block(code), lambda process: process.read(process.environment.get("CONFIG", "?"))
        )
    file = rng.choice(sorted(FILES))
    code = f'os.ReadFile(filepath.Join(os.Getenv("{name}"), "{file}"))'
    return Behaviour(
        _block(code),
        lambda process: process.read(posixpath.join(process.environment.get(name, ""), file)),
        ("os", "path/filepath"),
    )


def read_argument(rng: Random) -> Behaviour:
    code = rng.choice(
        [
            'os.ReadFile(*flag.String("config", "config.yml", "where"))',
            "if len(os.Args) > 2 { os.ReadFile(os.Args[2]) }",
        ]
    )

    def observe(process: Process) -> str:
        named = [a for a in process.arguments if "." in a] or ["config.yml"]
        return process.read(named[-1].rpartition("=")[2])

    return Behaviour(_block(code), observe, ("os", "flag") if "flag." in code else ("os",))


def read_absolute(rng: Random) -> Behaviour:
    path = rng.choice(
        [
            "/etc/app/config.yml",
            "/data/seed.sql",
            "/app/config.yml",
            "/opt/model.bin",
            "/srv/www/app.js",
            "/schema.sql",
            "/usr/share/app/list.txt",
            "/app/built.txt",
        ]
    )
    return Behaviour(_block(f'os.ReadFile("{path}")'), lambda process: process.read(path))


def read_in_other_package(rng: Random) -> Behaviour:
    path = rng.choice(sorted(FILES))
    name = "of" + posixpath.basename(path).translate(_DROPPED).lower()
    text = (
        f'package {name}\n\nimport "os"\n\nconst file = "{path}"\n\n'
        "func Load() ([]byte, error) { return os.ReadFile(file) }\n"
    )
    return Behaviour(
        _block(f"{name}.Load()"),
        lambda process: process.read(path),
        (f"MODULE/internal/{name}",),
        {f"internal/{name}/load.go": text},
    )


def embed(rng: Random) -> Behaviour:
    path = rng.choice(
        ["templates", "static/*", "migrations/*.sql", "all:data", "README.md", "docs"]
    )
    above = f"//go:embed {path}\nvar files{len(path)} embed.FS\n"

    def observe(process: Process) -> str:
        return str(sorted(process.binary["embedded"]))

    return Behaviour(f"_ = files{len(path)}", observe, ("embed",), {}, above)


def run_command(rng: Random) -> Behaviour:
    name = rng.choice(
        ["git", "curl", "wget", "ls", "sh", "bash", "cat", "ffmpeg", "jq", "ssh", "tar"]
    )
    code = rng.choice(
        [
            f'exec.Command("{name}", "--version").Run()',
            f'exec.CommandContext(context.Background(), "{name}").Output()',
            f'if p, err := exec.LookPath("{name}"); err == nil {{ exec.Command(p).Run() }}',
            f'cmd := "{name}"; exec.Command(cmd).Run()',
            f'exec.Command("sh", "-c", "{name} --help | head -1").Run()',
        ]
    )
    imports = ("os/exec", "context") if "context." in code else ("os/exec",)
    return Behaviour(_block(code), lambda process: process.command(name), imports)


def write_file(rng: Random) -> Behaviour:
    path = rng.choice(
        [
            "out.log",
            "data/app.db",
            "/data/app.db",
            "/tmp/x",
            "uploads/a.png",
            "/var/log/app/a.log",
            "/app/cache/x",
        ]
    )
    code = rng.choice(
        [
            f'os.WriteFile("{path}", nil, 0o644)',
            f'os.Create("{path}")',
            f'os.OpenFile("{path}", os.O_CREATE|os.O_WRONLY, 0o644)',
        ]
    )
    return Behaviour(_block(code), lambda process: process.write(path))


def write_into(rng: Random) -> Behaviour:
    """A file whose name is made at run time, in a directory that is known."""
    top = rng.choice(["data", "uploads", "conf", "templates/mail", "/data", "/srv/app"])
    code, imports = rng.choice(
        [
            (f'os.Create("{top}/" + strconv.Itoa(os.Getpid()))', ("os", "strconv")),
            (
                f'os.WriteFile(fmt.Sprintf("%s/%d", "{top}", os.Getpid()), nil, 0o644)',
                ("os", "fmt"),
            ),
            (
                f'os.Create(filepath.Join("{top}", time.Now().Format("2006")))',
                ("os", "path/filepath", "time"),
            ),
            (f'os.CreateTemp("{top}", "x-*")', ("os",)),
            (f'os.Rename("config.yml", "{top}/" + os.Getenv("MODE"))', ("os",)),
        ]
    )
    return Behaviour(_block(code), lambda process: process.write(f"{top}/x"), imports)


def write_anywhere(rng: Random) -> Behaviour:
    """The same, where nothing tells the directory but what git keeps empty."""
    above = 'type box struct{ directory string }\n\nvar uploads = &box{"up" + "loads"}\n'
    code = 'os.Create(uploads.directory + "/x")'
    return Behaviour(_block(code), lambda process: process.write("uploads/x"), above=above)


def temporary(rng: Random) -> Behaviour:
    return Behaviour(_block('os.CreateTemp("", "x")'), lambda process: process.write("/tmp/x"))


def time_zone(rng: Random) -> Behaviour:
    return Behaviour(
        _block('time.LoadLocation("Europe/Berlin")'), lambda process: process.zone(), ("time",)
    )


def certificates(rng: Random) -> Behaviour:
    return Behaviour(
        _block('http.Get("https://example.com")'),
        lambda process: process.certificates(),
        ("net/http",),
    )


def account(rng: Random) -> Behaviour:
    return Behaviour(_block("user.Current()"), lambda process: process.account(), ("os/user",))


def home(rng: Random) -> Behaviour:
    def observe(process: Process) -> str:
        name = process.image.user.partition(":")[0] or "root"
        place = process.image.accounts().get(name, (0, "/"))[1]
        return process.write(posixpath.join(place, "x"))

    code = 'dir, _ := os.UserHomeDir(); os.WriteFile(dir+"/x", nil, 0o600)'
    return Behaviour(_block(code), observe)


def environment(rng: Random) -> Behaviour:
    name = rng.choice(["MODE", "GOPATH", "PORT", "CGO_ENABLED", "GOLANG_VERSION", "GOFLAGS"])
    return Behaviour(
        _block(f'os.Getenv("{name}")'),
        lambda process: "is " + process.environment.get(name, ""),
    )


KINDS: tuple[Callable[[Random], Behaviour], ...] = (
    *(read_file,) * 4,
    *(read_directory,) * 3,
    read_in_directory_entered,
    read_beside_executable,
    *(read_named_by_environment,) * 2,
    *(read_argument,) * 2,
    *(read_absolute,) * 3,
    read_in_other_package,
    embed,
    *(run_command,) * 2,
    *(write_file,) * 2,
    *(write_into,) * 2,
    write_anywhere,
    temporary,
    time_zone,
    certificates,
    account,
    home,
    environment,
)


def program(behaviours: list[Behaviour], module: str, cgo: bool) -> dict[str, str]:
    """The files of a main package, path -> text, with those of the packages that it imports
    (below the module)."""
    imports = sorted({name for each in behaviours for name in each.imports})
    imports = [name.replace("MODULE", module) for name in imports]
    if "net/http" not in imports:
        imports.append("net/http")
    lines = [f'\t"{name}"' for name in sorted(imports)]
    head = 'import "C"\n\n' if cgo else ""
    above = "".join(dict.fromkeys(each.above for each in behaviours))
    body = "\n".join("\t" + each.code for each in behaviours)
    text = (
        f"package main\n\n{head}import (\n" + "\n".join(lines) + f"\n)\n\n{above}\n"
        "func must[T any](value T, _ error) T { return value }\n\n"
        f'func main() {{\n{body}\n\thttp.ListenAndServe(":8080", nil)\n}}\n'
    )
    files = {"main.go": text}
    for each in behaviours:
        files |= each.files
    return files
