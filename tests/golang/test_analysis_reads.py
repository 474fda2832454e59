"""Files that programs open."""

from __future__ import annotations

import pytest

from tests.golang.programs import main, paths, program

GIN = "github.com/gin-gonic/gin"
ECHO = "github.com/labstack/echo/v4"
FIBER = "github.com/gofiber/fiber/v2"


@pytest.mark.parametrize(
    ("body", "imports", "expected"),
    [
        ('os.Open("a.txt")', ["os"], ["a.txt"]),
        ("os.ReadFile(`a.txt`)", ["os"], ["a.txt"]),
        ('os.ReadFile("a\\x2etxt")', ["os"], ["a.txt"]),
        ('system.ReadDir("a")', ["system os"], ["a"]),
        ('os.OpenFile("a", os.O_RDONLY, 0)', ["os"], ["a"]),
        ('os.DirFS("web")', ["os"], ["web"]),
        ('user.Lookup("www-data")', ["os/user"], ["/etc/passwd"]),
        ('user.LookupGroupId(os.Getenv("G"))', ["os/user", "os"], ["/etc/group"]),
        ('user.Lookup("root")', ["os/user"], []),
        ("user.Current()", ["os/user"], []),
        ('exec.Command("git", "describe")', ["os/exec"], [".", ".git"]),
        ('exec.Command("git", "clone", "x")', ["os/exec"], []),
        ('c := exec.Command("git", "log"); c.Dir = "x"', ["os/exec"], []),
        ('ioutil.ReadFile("a")', ["io/ioutil"], ["a"]),
        ('filepath.Glob("*.yaml")', ["path/filepath"], ["*.yaml"]),
        ('filepath.WalkDir("docs", nil)', ["path/filepath"], ["docs"]),
        ('http.Handle("/", http.FileServer(http.Dir("./public")))', ["net/http"], ["./public"]),
        ('http.ServeFile(w, r, "index.html")', ["net/http"], ["index.html"]),
        ('http.ListenAndServeTLS(":443", "c.pem", "k.pem", nil)', ["net/http"], ["c.pem", "k.pem"]),
        ('srv.ListenAndServeTLS("c.pem", "k.pem")', ["net/http"], ["c.pem", "k.pem"]),
        ('srv.ListenAndServeTLS("", "")', ["net/http"], []),
        ('tls.LoadX509KeyPair("c", "k")', ["crypto/tls"], ["c", "k"]),
        ('t.Must(t.ParseFiles("a.html", "b.html"))', ["t html/template"], ["a.html", "b.html"]),
        ('template.New("x").Funcs(f).ParseGlob("t/*.html")', ["text/template"], ["t/*.html"]),
        ('r.LoadHTMLGlob("templates/*")', [GIN], ["templates/*"]),
        ('r.LoadHTMLFiles("a", "b")', [GIN], ["a", "b"]),
        ('r.Static("/assets", "./assets")', [GIN], ["./assets"]),
        ('r.StaticFile("/favicon.ico", "./favicon.ico")', [GIN], ["./favicon.ico"]),
        ('r.StaticFS("/x", http.Dir("x"))', [GIN, "net/http"], ["x"]),
        ('c.File("a.pdf")', [GIN], ["a.pdf"]),
        ('e.Static("/", "public")', [ECHO], ["public"]),
        ('e.File("/", "public/index.html")', [ECHO], ["public/index.html"]),
        ('e.Use(middleware.Static("dist"))', [ECHO + "/middleware"], ["dist"]),
        ('e.Use(middleware.StaticWithConfig(middleware.StaticConfig{Root: "web", HTML5: true}))',
         [ECHO + "/middleware"], ["web"]),
        ('app.Static("/", "./public")', [FIBER], ["./public"]),
        ('engine := html.New("./views", ".html")', ["github.com/gofiber/template/html/v2"],
         ["./views"]),
        ("godotenv.Load()", ["github.com/joho/godotenv"], [".env"]),
        ('godotenv.Load(".env.local", ".env")', ["github.com/joho/godotenv"],
         [".env.local", ".env"]),
        ('toml.DecodeFile("c.toml", &c)', ["github.com/BurntSushi/toml"], ["c.toml"]),
        ('ini.Load("app.ini")', ["gopkg.in/ini.v1"], ["app.ini"]),
        ('k.Load(file.Provider("c.yaml"), yaml.Parser())',
         ["github.com/knadh/koanf/providers/file"], ["c.yaml"]),
        ('viper.SetConfigFile("c.yaml")', ["github.com/spf13/viper"], ["c.yaml"]),
        ('viper.AddConfigPath(".")\nviper.AddConfigPath("/etc/app")', ["github.com/spf13/viper"],
         ["config.*", "/etc/app/config.*"]),
        ('v := viper.New()\nv.SetConfigName("app")\nv.AddConfigPath("conf")',
         ["github.com/spf13/viper"], ["conf/app.*"]),
        ('migrate.New("file://db/migrations", dsn)', ["github.com/golang-migrate/migrate/v4"],
         ["db/migrations"]),
        ('migrate.New("file://" + dir, dsn)', ["github.com/golang-migrate/migrate/v4"], [None]),
        ('open("file://migrations")', ["os"], ["migrations"]),
        ('open(fmt.Sprintf("file://%s/x", "m"))', ["fmt"], ["m/x"]),
        ('goose.Up(db, "migrations")', ["github.com/pressly/goose/v3"], ["migrations"]),
        ('goose.UpContext(ctx, db, "migrations")', ["github.com/pressly/goose/v3"], ["migrations"]),
        ('_ = migrate.FileMigrationSource{Dir: "sql"}', ["github.com/rubenv/sql-migrate"],
         ["sql"]),
        ('casbin.NewEnforcer("model.conf", "policy.csv")', ["github.com/casbin/casbin/v2"],
         ["model.conf", "policy.csv"]),
        ('casbin.NewEnforcer("model.conf", adapter)', ["github.com/casbin/casbin/v2"],
         ["model.conf"]),
        ('geoip2.Open("GeoLite2.mmdb")', ["github.com/oschwald/geoip2-golang"], ["GeoLite2.mmdb"]),
        ('bundle.MustLoadMessageFile("en.toml")', ["github.com/nicksnyder/go-i18n/v2/i18n"],
         ["en.toml"]),
        ('credentials.NewServerTLSFromFile("c", "k")', ["google.golang.org/grpc/credentials"],
         ["c", "k"]),
        ('sql.Open("sqlite3", "file:data.db?cache=shared")', ["database/sql"], ["data.db"]),
        ('var dir http.Dir = "web"', ["net/http"], ["web"]),
        ('viper.AddConfigPath("$HOME/.app")', ["github.com/spf13/viper"], [None]),
        ('viper.SetConfigName(x)\nviper.AddConfigPath("c")', ["github.com/spf13/viper"], ["c/*.*"]),
        ('sql.Open("sqlite3", ":memory:")', ["database/sql"], []),
        ('os.Open("data" /* why */)', ["os"], ["data"]),
    ],
)  # fmt: skip
def test_reads(body: str, imports: list[str], expected: list[str | None]) -> None:
    assert paths(program(body, *imports)) == expected


@pytest.mark.parametrize(
    ("body", "imports"),
    [
        ('// os.Open("a")', ["os"]),
        ('/* os.Open("a")\n*/', ["os"]),
        ('s := `os.Open("a")`', ["os"]),
        ('s := "os.Open(\\"a\\")"', ["os"]),
        ('s := `\nfunc x() { os.Open("a") }\n`', ["os"]),
        ('os.Open("a")', ["fmt"]),
        ('files.Open("a")', ["os"]),
        ('store.os.Open("a")', ["os"]),
        ('os := fake{}\nos.Open("a")', ["os"]),
        ('assets.ReadFile("a")', ["embed"]),
        ('tree.Walk("a")', ["path/filepath"]),
        ('r.Static("/assets", "./assets")', ["net/http"]),
        ('c.File("a")', ["net/http"]),
        ('graph.Attach("a")', ["os"]),
        ('sql.Open("postgres", "host=db")', ["database/sql"]),
        ('template.ParseFS(fs, "a")', ["html/template"]),
        ('http.Get("http://example.com/index.html")', ["net/http"]),
        ('log.Fatal("cannot read file")', ["log"]),
        ('e.AddConfigPath(".")', ["os"]),
        ('goose.SetBaseFS(migrations)\ngoose.Up(db, "m")', ["github.com/pressly/goose/v3"]),
        ('migrate.NewWithSourceInstance("iofs", d, dsn)', ["github.com/golang-migrate/migrate/v4"]),
        ('migrate.New("github://x/y", dsn)', ["github.com/golang-migrate/migrate/v4"]),
        ('var f *os.File', ["os"]),
        ('func(dir http.Dir) {}(d)', ["net/http"]),
        ('viper.ReadInConfig()', ["github.com/spf13/viper"]),
    ],
)  # fmt: skip
def test_reads_nothing(body: str, imports: list[str]) -> None:
    needs = program(body, *imports)
    assert needs.reads == ()
    assert needs.dynamic == ()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"a" + "/b"', ["a/b"]),
        ('("a")', ["a"]),
        ('filepath.Join("a", "..", "b", "c.txt")', ["b/c.txt"]),
        ('filepath.Join("", "a")', ["a"]),
        ('path.Join(base, name)', ["assets/logo.png"]),
        ('base + "/x"', ["assets/x"]),
        ('limit + "/x"', [None]),
        ('fmt.Sprintf("%s/%d.txt", base, 3)', ["assets/3.txt"]),
        ('fmt.Sprintf("100%%")', ["100%"]),
        ('fmt.Sprintf("%05d", 3)', [None]),
        ('fmt.Sprintf("%s", os.Args[1])', [None]),
        ('filepath.Join(wd, "x")', ["x"]),
        ('local', ["l"]),
        ('either', ["one", "two"]),
        ('later', [None]),
        ('os.Args[1]', [None]),
        ('string(filepath.Separator) + "x"', [None]),
        ('os.ExpandEnv("a/b")', ["a/b"]),
        ('os.ExpandEnv("$HOME/b")', [None]),
        ('strings.TrimSpace(" ")', [" "]),
        ('config.Dir', ["etc"]),
        ('config.Changed', [None]),
        ('config.Missing', [None]),
        ('item', ["i1", "i2"]),
        ('looped', [None]),
        ('self', [None]),
    ],
)  # fmt: skip
def test_values(expression: str, expected: list[str | None]) -> None:
    body = f"""
    wd, err := os.Getwd()
    local := "l"
    either := "one"
    if len(os.Args) > 1 {{ either = "two" }}
    later := "a"
    later += "b"
    for _, item := range []string{{"i1", "i2"}} {{ use(item) }}
    for i := 0; i < 3; i++ {{ looped := names[i]; use(looped) }}
    self := self + "x"
    config.Changed = os.Args[1]
    os.Open({expression})
    """
    constants = (
        'package main\n\nconst (\n\tbase = "assets"\n\tname = "logo.png"\n\tlimit = iota\n)\n'
    )
    config = 'package config\n\nconst Dir = "etc"\n\nvar Changed = "x"\n'
    needs = program(
        body, "os", "fmt", "path", "path/filepath", "strings", "example.com/app/config",
        **{"constants.go": constants, "config/config.go": config},
    )  # fmt: skip
    assert paths(needs) == expected


@pytest.mark.parametrize(
    ("body", "default"),
    [
        ('c := flag.String("c", "conf.yaml", "")\nos.Open(*c)', "conf.yaml"),
        ('var c string\nflag.StringVar(&c, "c", "conf.yaml", "")\nos.Open(c)', "conf.yaml"),
        ('var c string\ncmd.Flags().StringVarP(&c, "c", "c", "x.yaml", "")\nos.Open(c)', "x.yaml"),
        ('os.Open(getenv("CONFIG", "conf.yaml"))', "conf.yaml"),
        ('os.Open(cmp.Or(os.Getenv("CONFIG"), "conf.yaml"))', "conf.yaml"),
        ('c := os.Getenv("CONFIG")\nif c == "" { c = "conf.yaml" }\nos.Open(c)', "conf.yaml"),
        ('os.Open(os.Getenv("CONFIG"))', None),
        ('os.Open(lookup("config", "conf.yaml"))', None),
        ('var c string\njson.Unmarshal(data, &c)\nos.Open(c)', None),
    ],
)  # fmt: skip
def test_what_the_user_can_change_is_a_default_only(body: str, default: str | None) -> None:
    needs = program(body, "os", "flag", "cmp")
    assert [(read.path, read.default) for read in needs.reads] == [(None, default)]


def test_parameters_are_worth_what_every_call_gives_them() -> None:
    load = 'package conf\n\nimport "os"\n\nfunc Load(path string) { os.ReadFile(path) }\n'
    needs = program(
        'conf.Load("a.yaml")\nconf.Load("b.yaml")', "example.com/app/conf", **{"conf/load.go": load}
    )
    assert paths(needs) == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize("use", ["conf.Load(os.Args[1])", "f := conf.Load", 'run(conf.Load, "x")'])
def test_a_call_that_cannot_be_seen_makes_a_parameter_unknown(use: str) -> None:
    load = 'package conf\n\nimport "os"\n\nfunc Load(path string) { os.ReadFile(path) }\n'
    needs = program(
        f'conf.Load("a.yaml")\n{use}', "os", "example.com/app/conf", **{"conf/load.go": load}
    )
    assert None in paths(needs)


def test_functions_nobody_calls_read_nothing() -> None:
    helper = 'package main\n\nimport "os"\n\nfunc unused(path string) { os.ReadFile(path) }\n'
    assert program("", "os", **{"helper.go": helper}).reads == ()


def test_methods_have_unknown_parameters() -> None:
    text = 'package main\n\nimport "os"\n\nfunc (s S) Load(path string) { os.ReadFile(path) }\n'
    assert paths(program("", "os", **{"s.go": text})) == [None]


def test_a_function_passed_on_reads_something_unknown() -> None:
    assert paths(program("run(os.ReadFile)", "os")) == [None]
    assert paths(program('ReadFile("x")', ". os")) == [None]


def test_spread_arguments() -> None:
    body = 'files := []string{"a", "b"}\ntemplate.ParseFiles(files...)'
    assert paths(program(body, "html/template")) == ["a", "b"]
    assert paths(program("template.ParseFiles(more()...)", "html/template")) == [None]


@pytest.mark.parametrize(
    ("body", "starts"),
    [
        ('os.Open(fmt.Sprintf("%s/%d", "up", name()))', ["up/"]),
        ('os.Open(fmt.Sprintf("up/%02d.png", name()))', ["up/"]),
        ('os.Open(fmt.Sprintf("%s/x%%/%s", "up/"+name(), "y"))', ["up/"]),
        ('os.Open(fmt.Sprintf("100%%/%s", name()))', ["100%/"]),
        ('os.Open(fmt.Sprintf("%d/x", name()))', [None]),
        ('os.Open("../pages" + name())', ["../pages"]),
        ('os.Open("../" + name() + ".txt")', ["../"]),
        ('os.Open(filepath.Join("..", "pages", name()))', ["../pages"]),
        ('os.Open(filepath.Join("..", "pages" + name()))', ["../pages"]),
        ('os.Open(fmt.Sprintf("../pages/%s.html", name()))', ["../pages/"]),
        ('path := "data/" + name()\nos.Open(path)', ["data/"]),
        ('os.Open(name() + "/index.html")', [None]),
        ('os.Open(fmt.Sprintf("%s/index.html", name()))', [None]),
    ],
)
def test_what_a_computed_path_begins_with(body: str, starts: list[str | None]) -> None:
    needs = program(f"{body}\n_ = fmt.Sprint(filepath.Base(name()))", "os", "fmt", "path/filepath")
    assert [(read.path, read.start) for read in needs.reads] == [(None, s) for s in starts]


@pytest.mark.parametrize(
    ("body", "imports", "expected"),
    [
        ('sql.Open("sqlite3", "file:shop.db?cache=shared")', "database/sql", ["shop.db"]),
        ('sqlx.Connect("sqlite3", "shop.db")', "github.com/jmoiron/sqlx", ["shop.db"]),
        ('sqlitex.Open("file:shop.db", 0, 10)', "crawshaw.io/sqlite/sqlitex", ["shop.db"]),
        ('gorm.Open(sqlite.Open("shop.db?_fk=1"))', "gorm.io/driver/sqlite", ["shop.db"]),
        ('sql.Open("sqlite", ":memory:")', "database/sql", []),
        ('sql.Open("postgres", "host=db")', "database/sql", []),
        ('sql.Open("sqlite", name())', "database/sql", [None]),
    ],
)
def test_sqlite_databases(body: str, imports: str, expected: list[str | None]) -> None:
    assert paths(program(body, imports)) == expected


def test_writes_and_looks_are_not_required() -> None:
    body = """
    os.Create("out.log")
    os.OpenFile("app.log", os.O_CREATE|os.O_APPEND, 0o644)
    os.Stat("maybe")
    os.MkdirAll("data", 0o755)
    """
    found = [(read.path, read.kind, read.required) for read in program(body, "os").reads]
    assert found == [
        ("out.log", "write", False),
        ("app.log", "write", False),
        ("maybe", "stat", False),
        ("data", "write", False),
    ]


def test_evidence_names_file_line_and_text() -> None:
    (read,) = program('os.Open("a.txt")', "os").reads
    assert (read.evidence.path, read.evidence.line) == ("main.go", 8)
    assert read.evidence.text == 'os.Open("a.txt")'


def test_layouts_that_gofmt_would_change() -> None:
    text = 'package main\nimport "os"\n\tfunc main() {\nvar s = "x"\n\tos.\n\t\tOpen(s)\n}\n'
    assert paths(program("", "os", **{"main.go": text})) == ["x"]


def test_changing_the_directory_is_dynamic() -> None:
    needs = program('os.Chdir("/srv")', "os")
    assert [found.why for found in needs.dynamic] == ["os.Chdir changes what relative paths mean"]


def test_unreachable_packages_and_other_files_are_not_looked_at() -> None:
    text = 'package {}\n\nimport "os"\n\nfunc init() {{ os.Open("{}") }}\n'
    needs = program(
        "",
        "example.com/app/used",
        **{
            "used/used.go": text.format("used", "used"),
            "used/used_test.go": text.format("used", "test"),
            "used/used_windows.go": text.format("used", "windows"),
            "used/used_arm64.go": text.format("used", "arm64"),
            "used/tagged.go": "//go:build integration\n\n" + text.format("used", "tagged"),
            "used/_skipped.go": text.format("used", "skipped"),
            "unused/unused.go": text.format("unused", "unused"),
            "testdata/x.go": text.format("x", "testdata"),
        },
    )
    assert paths(needs) == ["used"]
    assert needs.packages == (".", "used")


def test_main_is_built_from_fragments() -> None:
    assert (
        main("x()", "t os") == 'package main\n\nimport (\n\tt "os"\n)\n\nfunc main() {\n\tx()\n}\n'
    )


@pytest.mark.parametrize(
    ("call", "document"),
    [
        ('"wkhtmltopdf", "-q", "pages/bill.html", "-"', "pages/bill.html"),
        ('"pandoc", "--pdf-engine=xelatex", "a.md"', "a.md"),
        ('"wkhtmltopdf", "https://example.com/a.html", "-"', None),
        ('"wkhtmltopdf", "/tmp/a.html", "-"', None),
        ('"cat", "a.html"', None),
    ],
)
def test_documents_that_refer_to_others(call: str, document: str | None) -> None:
    needs = program(f"exec.Command({call}).Run()", "os/exec")
    expected = [f"what {document} refers to is not known"] if document else []
    assert [unknown.why for unknown in needs.dynamic] == expected
