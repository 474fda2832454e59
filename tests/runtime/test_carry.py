"""Which files a runtime stage takes over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gorewrite.runtime.carried import Carry
from gorewrite.runtime.carry import carry
from gorewrite.runtime.requirements import requirements
from tests.repositories import GO_MOD, SHOP, facts_of

BUILD = "RUN CGO_ENABLED=0 go build -o shop .\n"
FILES = {
    "conf/a.yml": "a\n",
    "conf/b.yml": "b\n",
    "templates/a.html": "a\n",
    "data.tar.gz": "x",
    "start.sh": "#!/bin/sh\nexec ./shop\n",
}


def carried(
    top: Path,
    lines: str = "",
    body: str = "",
    *imports: str,
    workdir: str = "/app",
    files: Mapping[str, str] = FILES,
) -> Carry:
    """What a shop takes along; body: of its main function, which imports `imports`; files: beside
    its sources."""
    files = {**SHOP, **FILES, **files}
    if body:
        names = "".join(f'import "{name}"\n' for name in imports)
        files["main.go"] = f"package main\n\n{names}\nfunc main() {{ {body} }}\n"
    end = "" if "\nCMD" in f"\n{lines}" else 'CMD ["./shop"]\n'
    text = f"FROM golang:1.24\nWORKDIR {workdir}\nCOPY . .\n{BUILD}{lines}{end}"
    stage = facts_of(top, text, {"go.mod": GO_MOD, **files}).final
    return carry(stage, requirements(stage))


@pytest.mark.parametrize(
    ("lines", "body", "imports"),
    [
        ("", "", ()),
        ("", 'os.ReadFile("nowhere.yml")', ("os",)),
        ("", 'os.ReadFile("/etc/hosts")', ("os",)),
        ("RUN mkdir -p /tmp/x && touch /root/.cache/y\n", "", ()),
        ("RUN rm -rf conf\n", 'os.ReadFile("conf/a.yml")', ("os",)),
        ("ENV CONFIG=/nowhere/x\n", "", ()),
        ('CMD ["./shop", "-c", "missing.yml", "https://example.com/conf/a.yml"]\n', "", ()),
    ],
)
def test_the_binary_alone(tmp_path: Path, lines: str, body: str, imports: tuple[str, ...]) -> None:
    found = carried(tmp_path, lines, body, *imports)
    assert list(found.paths()) == ["/app/shop"]
    assert (found.tree, found.replay, found.doubts, found.refusal) == (None, [], [], None)


@pytest.mark.parametrize(
    ("lines", "body", "imports", "paths"),
    [
        ("", 'os.ReadFile("conf/a.yml")', ("os",), ["/app/conf/a.yml"]),
        ("", 'os.ReadDir("conf"); os.ReadFile("conf/a.yml")', ("os",), ["/app/conf"]),
        ("", 'template.ParseGlob("templates/*")', ("html/template",), ["/app/templates"]),
        ('CMD ["./shop", "-c", "conf/a.yml"]\n', "", (), ["/app/conf/a.yml"]),
        ('CMD ["./shop", "--conf=conf/b.yml"]\n', "", (), ["/app/conf/b.yml"]),
        ('CMD ["./shop", "file:///app/conf/b.yml"]\n', "", (), ["/app/conf/b.yml"]),
        ("ENV CONFIG=/app/conf/a.yml\n", "", (), ["/app/conf/a.yml"]),
        ("COPY conf /etc/shop\n", 'os.ReadFile("/etc/shop/a.yml")', ("os",), ["/etc/shop"]),
        ("ADD https://example.com/x /srv/x\n", "", (), ["/srv/x"]),
        ("COPY data.tar.gz keep/\n", "", (), ["/app/keep/data.tar.gz"]),
        ("COPY data.tar.gz keep/\nRUN tar -tf keep/data.tar.gz\n", "", (), []),
        ("RUN mkdir -p /data\n", "", (), ["/data"]),
        ("RUN cp conf/a.yml /etc/a.yml\n", "", (), ["/etc/a.yml"]),
        ("COPY <<E /etc/a.yml\nx\nE\n", 'os.ReadFile("/etc/a.yml")', ("os",), ["/etc/a.yml"]),
        ("ADD data.tar.gz /srv/data\n", "", (), ["/srv/data"]),
        ("ADD https://example.com/a/b.git /srv/b\n", "", (), ["/srv/b"]),
        ('RUN chmod +x start.sh\nCMD ["./start.sh"]\n', "", (), ["/app/start.sh"]),
    ],
)
def test_exact_files(
    tmp_path: Path, lines: str, body: str, imports: tuple[str, ...], paths: list[str]
) -> None:
    found = carried(tmp_path, lines, body, *imports)
    assert sorted(found.paths()) == sorted(["/app/shop", *paths])
    assert (found.tree, found.refusal) == (None, None)
    assert all(where.text for where in found.files.values())


@pytest.mark.parametrize(
    ("lines", "body", "imports"),
    [
        ("", "os.ReadFile(os.Args[1])", ("os",)),
        ("", 'os.ReadDir(".")', ("os",)),
        ("RUN npm ci && npm run build\n", 'os.ReadFile("dist/index.html")', ("os",)),
        ("RUN make\n", 'os.ReadFile("gen/x")', ("os",)),
        ("ADD data.tar.gz .\n", 'os.ReadFile("x")', ("os",)),
    ],
)
def test_whole_tree(tmp_path: Path, lines: str, body: str, imports: tuple[str, ...]) -> None:
    found = carried(tmp_path, lines, body, *imports)
    assert (found.tree, list(found.paths())) == ("/app", [])
    assert found.tree_because


GIN = "github.com/gin-gonic/gin"


@pytest.mark.parametrize(
    ("body", "imports", "paths"),
    [
        ('os.Create("up/" + flag.Arg(0))', ("os", "flag"), ["up"]),
        ('os.Create(filepath.Join("up", flag.Arg(0)))', ("os", "path/filepath", "flag"), ["up"]),
        (
            'os.WriteFile(fmt.Sprintf("./conf/%s", flag.Arg(0)), nil, 0o600)',
            ("os", "fmt", "flag"),
            ["conf"],
        ),
        ('os.OpenFile("up/"+flag.Arg(0), os.O_CREATE, 0)', ("os", "flag"), ["up"]),
        ('os.Create(fmt.Sprintf("%s/%02d", "up", os.Getpid()))', ("os", "fmt"), ["up"]),
        ('os.CreateTemp("up", "x-*")', ("os",), ["up"]),
        ('ioutil.TempDir("./up/", "x")', ("io/ioutil",), ["up"]),
        ('os.Rename("a", "up/a")', ("os",), ["up"]),
        ('c.SaveUploadedFile(f, "up/"+f.Filename)', (GIN,), ["up"]),
        # Nothing is known of the name: what git keeps empty.
        ("os.Create(flag.Arg(0))", ("os", "flag"), ["up", "web/made"]),
        # A library is given the name.
        ('pdf.Output("up/a.pdf")', ("example.com/pdf",), ["up"]),
        ('pdf.Output(fmt.Sprintf("up/%d.pdf", 1))', ("example.com/pdf", "fmt"), ["up"]),
        # The work directory is there, and so is that of temporary files.
        ('os.Create("./" + flag.Arg(0))', ("os", "flag"), []),
        ('os.Create("up-" + flag.Arg(0))', ("os", "flag"), []),
        ('os.CreateTemp("", "x-*")', ("os",), []),
        ('os.CreateTemp("/tmp", "x-*")', ("os",), []),
        ('os.Create("nowhere/" + flag.Arg(0))', ("os", "flag"), []),
        ('pdf.Output("templates/a.pdf")', ("example.com/pdf",), []),
        ('pdf.Output("application/json")', ("example.com/pdf",), []),
    ],
)
def test_directories_that_are_written_to(
    tmp_path: Path, body: str, imports: tuple[str, ...], paths: list[str]
) -> None:
    kept = {"up/.gitkeep": "", "web/made/.gitignore": "*\n", "web/index.html": "x\n"}
    found = carried(tmp_path, "", body, *imports, files=kept)
    assert sorted(found.paths()) == sorted(f"/app/{path}" for path in ("shop", *paths))
    assert (found.tree, found.replay, found.doubts, found.refusal) == (None, [], [], None)


def test_tree_of_the_toolchain_is_not_kept(tmp_path: Path) -> None:
    """The copies from the context are made again; what a RUN makes there cannot be told apart."""
    found = carried(tmp_path, "", "os.ReadFile(os.Args[1])", "os", workdir="/go")
    assert found.tree is None and len(found.replay) == 1
    found = carried(tmp_path, "RUN make\n", "os.ReadFile(os.Args[1])", "os", workdir="/go")
    assert found.refusal is not None and found.refusal[0] == "runtime-files-unknown"


def test_program_that_nothing_makes(tmp_path: Path) -> None:
    found = carried(tmp_path, 'CMD ["/usr/local/bin/other"]\n')
    assert found.refusal is not None and found.refusal[0] == "output-path-unresolved"
    found = carried(tmp_path, 'RUN ./install.sh\nCMD ["/usr/local/bin/other"]\n')
    assert found.refusal is None and found.doubts


def test_users_come_with_their_home(tmp_path: Path) -> None:
    found = carried(tmp_path, "RUN useradd -m shop\nUSER shop\n")
    assert set(found.paths()) == {"/app/shop", "/etc/passwd", "/etc/group", "/home/shop"}
    found = carried(tmp_path, "RUN useradd -m other\nUSER shop\n")
    assert "/home/other" not in found.files


def test_what_is_unpacked_over_the_system(tmp_path: Path) -> None:
    found = carried(tmp_path, "ADD data.tar.gz /usr/local\n")
    assert [doubt.why for doubt in found.doubts] == [
        "what ADD unpacks from data.tar.gz is not known"
    ]


def test_links_below_a_directory_lead_somewhere(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "shared").symlink_to("../assets")
    (tmp_path / "public" / "data").symlink_to("./own.csv")
    files = {"public/own.csv": "x\n", "assets/site.css": "x\n", "templates/a.html": "x\n"}
    body = 'http.Handle("/", http.FileServer(http.Dir("public")))'
    found = carried(tmp_path, "", body, "net/http", files=files)
    assert list(found.paths()) == ["/app/shop", "/app/public", "/app/assets"]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('model: "models/a.bin"\n', ["/app/models/a.bin"]),
        ("model: a.bin\n", []),
        ("model: ../models/a.bin\n", ["/app/models/a.bin"]),
        ("model: /app/models/a.bin\n", ["/app/models/a.bin"]),
        ("models: models\n", ["/app/models"]),
        ("models: https://example.com/models/a.bin\n", []),
        ("templates:\n  first: models/none.bin\n", []),
        ("next: b.yml\n", ["/app/conf/b.yml", "/app/models/b.bin"]),
    ],
)
def test_files_that_a_copied_file_names(tmp_path: Path, text: str, paths: list[str]) -> None:
    files = {
        "conf/a.yml": text, "conf/b.yml": "models/b.bin, a.yml\n", "models/a.bin": "x\n",
        "models/b.bin": "x\n",
    }  # fmt: skip
    found = carried(tmp_path, "", 'os.ReadFile("conf/a.yml")', "os", files=files)
    assert list(found.paths()) == ["/app/shop", "/app/conf/a.yml", *paths]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('"templates"', ["/app/templates"]),
        ('"docs"', ["/app/docs"]),
        ('string("docs")', []),
        ('string("templates")', ["/app/templates"]),
        ('"sources"', ["/app/sources"]),
        ('string("sources")', ["/app/sources/a.yml"]),
        ('"Templates"', []),
        ('"see templates/a.html, please"', ["/app/templates/a.html"]),
        ('"templates/*.html"', ["/app/templates"]),
        ('filepath.Join("sources", os.Args[1])', ["/app/sources"]),
        ('filepath.Join("only", os.Args[1])', []),
        ('"with blanks/a b.txt"', ["/app/with blanks/a b.txt"]),
    ],
)
def test_files_that_a_text_names(tmp_path: Path, text: str, paths: list[str]) -> None:
    files = {
        "docs/a.txt": "x\n", "sources/a.go": "package sources\n", "sources/a.yml": "x\n",
        "only/a.go": "package only\n", "with blanks/a b.txt": "x\n",
    }  # fmt: skip
    names = ("os", "path/filepath", "github.com/acme/opener")
    found = carried(tmp_path, "", f"opener.Open({text})", *names, files=files)
    assert list(found.paths()) == ["/app/shop", *paths]


def test_why_a_build_is_not_followed_is_said(tmp_path: Path) -> None:
    text = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o /usr/local/bin/app ./cmd\n"
    stage = facts_of(tmp_path, text + 'CMD ["app"]\n', {"go.mod": GO_MOD, **SHOP}).final
    found = carry(stage, requirements(stage))
    assert "/usr/local/bin/app" in found.files
    why = "/usr/local/bin/app is built by a command that is not followed"
    assert [doubt.why for doubt in found.doubts] == [
        f"{why}: /app/cmd is not from the build context"
    ]


@pytest.mark.parametrize(
    ("line", "tree"),
    [
        ("RUN mkdir -p /app/conf\n", None),
        ("RUN install -d /app\n", None),
        ("RUN mkdir -p /app/conf && cp /etc/hosts /app/conf\n", "/app"),
    ],
)
def test_a_directory_that_is_made_holds_nothing(
    tmp_path: Path, line: str, tree: str | None
) -> None:
    assert carried(tmp_path, line, 'os.ReadFile("conf/shop.ini")', "os").tree == tree
