"""The cgo verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.golang import analysis
from gorewrite.golang.analysis import Cgo, analyse
from gorewrite.golang.calls import find_calls
from gorewrite.golang.catalogue import CgoModule, modules, runtime_needs
from gorewrite.golang.closure import Closure
from gorewrite.golang.reads import Calls
from tests.golang.programs import MODULE, main, paths, program
from tests.golang.trees import MemoryTree


def verdict(
    requires: str, *imports: str, cgo: bool | None = None, tags: str = "", **files: str
) -> Cgo:
    lines = "".join(f"\t{line.strip()}\n" for line in requires.split(";") if line.strip())
    tree = MemoryTree(
        {"go.mod": f"{MODULE}\nrequire (\n{lines})\n", "main.go": main("", *imports), **files}
    )
    return analyse(tree, ".", cgo=cgo, tags=frozenset(tags.split())).cgo


@pytest.mark.parametrize(
    "imports",
    [
        ["os", "net/http", "os/user"],
        ["github.com/gin-gonic/gin", "go.uber.org/zap", "gorm.io/gorm"],
        ["github.com/google/gopacket/layers"],
        ["go.mongodb.org/mongo-driver/mongo"],
        ["github.com/golang-migrate/migrate/v4/database/postgres"],
        ["github.com/dgraph-io/badger/v4"],
        ["github.com/neo4j/neo4j-go-driver/v5/neo4j"],
        ["github.com/coreos/go-systemd/v22/daemon"],
    ],
)
def test_pure(imports: list[str]) -> None:
    assert verdict("", *imports).verdict == "pure"


@pytest.mark.parametrize(
    "path",
    [
        "github.com/mattn/go-sqlite3",
        "gorm.io/driver/sqlite",
        "github.com/confluentinc/confluent-kafka-go/v2/kafka",
        "github.com/google/gopacket/pcap",
        "github.com/golang-migrate/migrate/v4/database/sqlite3",
        "golang.org/x/mobile/app",
        "github.com/coreos/go-systemd/v22/sdjournal",
        "github.com/ebitengine/purego",
    ],
)
def test_known_cgo_modules(path: str) -> None:
    found = verdict("", f"_ {path}")
    assert found.verdict == "cgo"
    assert (found.evidence[0].path, found.evidence[0].line) == ("main.go", 4)
    assert path in found.evidence[0].text


@pytest.mark.parametrize(
    "path",
    ["github.com/cockroachdb/pebble", "github.com/ethereum/go-ethereum/ethclient",
     "corp.example/lib", "github.com/dgraph-io/badger/v2"],
)  # fmt: skip
def test_unknown(path: str) -> None:
    found = verdict("", path)
    assert found.verdict == "unknown"
    assert found.evidence[0].path == "main.go"


def test_a_requirement_that_is_not_imported_is_no_proof() -> None:
    assert verdict("github.com/mattn/go-sqlite3 v1.14.0", "os").verdict == "pure"


def test_an_indirect_requirement_on_the_list_leaves_it_unknown() -> None:
    found = verdict("github.com/mattn/go-sqlite3 v1.14.0 // indirect", "github.com/gin-gonic/gin")
    assert found.verdict == "unknown"
    assert (found.evidence[0].path, found.evidence[0].line) == ("go.mod", 6)


def test_an_indirect_requirement_is_explained_by_one_the_program_does_not_import() -> None:
    requires = "gorm.io/driver/sqlite v1.5.0; github.com/mattn/go-sqlite3 v1.14.0 // indirect"
    assert verdict(requires, "gorm.io/gorm").verdict == "pure"


def test_indirect_requirements_come_in_through_listed_modules() -> None:
    assert (
        verdict("corp.example/x v1.0.0 // indirect", "github.com/gin-gonic/gin").verdict == "pure"
    )


def test_indirect_requirements_before_go_1_17_say_nothing() -> None:
    text = (
        MODULE.replace("1.24", "1.16") + "require github.com/mattn/go-sqlite3 v1.1.0 // indirect\n"
    )
    tree = MemoryTree({"go.mod": text, "main.go": main("", "github.com/jinzhu/gorm")})
    assert analyse(tree, ".").cgo.verdict == "pure"


def test_a_fork_is_not_what_the_list_speaks_of() -> None:
    gin = "github.com/gin-gonic/gin"
    for fork, expected in (("corp.example/gin", "unknown"), (gin, "pure")):
        text = f"{MODULE}require {gin} v1.9.0\n\nreplace {gin} => {fork} v1.0.0\n"
        tree = MemoryTree({"go.mod": text, "main.go": main("", gin)})
        assert analyse(tree, ".").cgo.verdict == expected


def test_swig_is_cgo() -> None:
    assert program("", "os", **{"x.swig": ""}).cgo.verdict == "cgo"


def test_an_unreadable_file_leaves_it_unknown() -> None:
    needs = program("", "os", **{"x.go": "-> /outside.go"})
    assert [found.why for found in needs.problems] == ["x.go cannot be read"]
    assert needs.cgo.verdict == "unknown"


OWN = 'package main\n\n// #include <stdio.h>\nimport "C"\n'


def test_own_cgo() -> None:
    found = program("", "os", **{"c.go": OWN}).cgo
    assert found.verdict == "cgo"
    assert [str(place) for place in found.evidence] == ['c.go:4: import "C"']


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c_test.go", OWN),
        ("c_windows.go", OWN),
        ("c.go", "//go:build darwin\n\n" + OWN),
        ("c.go", "// +build vips\n\n" + OWN),
        ("testdata/c.go", OWN),
        ("unused/c.go", OWN.replace("main", "unused")),
        ("c.go", 'package main\n\n// import "C"\n'),
        ("c.go", 'package main\n\nvar x = `\nimport "C"\n`\n'),
    ],
)
def test_cgo_that_is_not_compiled(name: str, text: str) -> None:
    assert program("", "os", **{name: text}).cgo.verdict == "pure"


def test_own_fallbacks_are_still_cgo() -> None:
    files = {"c.go": "//go:build cgo\n\n" + OWN, "n.go": "//go:build !cgo\n\npackage main\n"}
    assert program("", "os", **files).cgo.verdict == "cgo"
    assert verdict("", "os", cgo=False, **files).verdict == "pure"


def test_cgo_switched_off_leaves_only_shared_libraries() -> None:
    assert verdict("", "corp.example/lib", cgo=False).verdict == "pure"
    assert verdict("", "github.com/mattn/go-sqlite3", cgo=False).verdict == "pure"
    assert verdict("", "github.com/ebitengine/purego", cgo=False).verdict == "cgo"


def test_build_tags_decide() -> None:
    assert verdict("", "go.mongodb.org/mongo-driver/mongo", tags="cse").verdict == "cgo"
    tags = "containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_devicemapper"
    assert verdict("", "github.com/containers/image/v5/copy").verdict == "cgo"
    assert verdict("", "github.com/containers/image/v5/copy", tags=tags).verdict == "pure"
    assert verdict("", "os", tags="netcgo").verdict == "cgo"


def test_without_go_mod_own_packages_are_unknown_modules() -> None:
    tree = MemoryTree({"main.go": main("", "github.com/me/app/lib", "github.com/gorilla/mux")})
    assert analyse(tree, ".").cgo.verdict == "unknown"


VENDORED = {
    "vendor/modules.txt": "# corp.example/dep v1.0.0\n## explicit\ncorp.example/dep\n",
    "vendor/corp.example/dep/dep.go": "package dep\n",
}


def test_vendored_sources_are_proof() -> None:
    requires = "corp.example/dep v1.0.0"
    uses = {"vendor/corp.example/dep/c.go": 'package dep\n\nimport "C"\n'}
    no_cgo = {"vendor/corp.example/dep/n.go": "//go:build !cgo\n\npackage dep\n"}
    assert verdict(requires, "corp.example/dep", **VENDORED).verdict == "pure"
    assert verdict(requires, "corp.example/dep", **VENDORED, **uses).verdict == "cgo"
    assert verdict(requires, "corp.example/dep", **VENDORED, **uses, **no_cgo).verdict == "unknown"


def cached(root: Path, directory: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_the_module_cache_is_proof(tmp_path: Path) -> None:
    cached(
        tmp_path, "corp.example/!dep@v1.0.0", {"x/x.go": 'package x\n\nimport "corp.example/two"\n'}
    )
    tree = MemoryTree(
        {
            "go.mod": MODULE
            + "require (\n\tcorp.example/Dep v1.0.0\n\tcorp.example/two v1.1.0\n)\n",
            "main.go": main("", "corp.example/Dep/x"),
        }
    )
    assert analyse(tree, ".", modcache=tmp_path).cgo.verdict == "unknown"
    cached(tmp_path, "corp.example/two@v1.1.0", {"t.go": "package two\n"})
    tree = MemoryTree(tree.files)
    assert analyse(tree, ".", modcache=tmp_path).cgo.verdict == "pure"
    assert analyse(tree, ".", modcache=tmp_path).packages == (".",)
    cached(tmp_path, "corp.example/two@v1.1.0", {"c.go": 'package two\n\nimport "C"\n'})
    found = analyse(MemoryTree(tree.files), ".", modcache=tmp_path).cgo
    assert (found.verdict, found.evidence[0].path) == ("cgo", "corp.example/two@v1.1.0/c.go")


def test_the_module_cache_holds_the_replacement(tmp_path: Path) -> None:
    cached(tmp_path, "corp.example/fork@v1.0.0", {"c.go": 'package dep\n\nimport "C"\n'})
    replace = "replace corp.example/dep => corp.example/fork v1.0.0\n"
    text = f"{MODULE}require corp.example/dep v0.1.0\n\n{replace}"
    tree = MemoryTree({"go.mod": text, "main.go": main("", "corp.example/dep")})
    assert analyse(tree, ".", modcache=tmp_path).cgo.verdict == "cgo"


def test_data_files_are_sound() -> None:
    for entry in modules()._entries.values():
        if isinstance(entry, CgoModule):
            assert entry.outcome in "ERFD"
            assert all(modules().find(path) for path in entry.brings)
    fields = {
        "time_zones", "tls", "users", "home", "temp_files", "mime_types", "caller_paths",
        "toolchain_paths", "plugins", "self_path", "symbols",
    }  # fmt: skip
    for need in runtime_needs()._entries.values():
        assert set(need.needs) <= fields


def test_sources_are_read_once_where_cgo_makes_no_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[Closure] = []

    def counted(closure: Closure, linked: frozenset[str]) -> Calls:
        looked.append(closure)
        return find_calls(closure, linked)

    monkeypatch.setattr(analysis, "find_calls", counted)
    text = main('os.Open("a.txt")', "os", "github.com/mattn/go-sqlite3")
    same = MemoryTree({"go.mod": MODULE, "main.go": text})
    on, off = (analyse(same, ".", cgo=cgo) for cgo in (None, False))
    assert (on.cgo.verdict, off.cgo.verdict, len(looked)) == ("cgo", "pure", 1)
    assert on._replace(cgo=off.cgo) == off
    other = '//go:build !cgo\n\npackage main\n\nimport "os"\n\nvar _, _ = os.Open("b.txt")\n'
    differs = MemoryTree({"go.mod": MODULE, "main.go": text, "other.go": other})
    assert [paths(analyse(differs, ".", cgo=cgo)) for cgo in (True, False)] == [
        ["a.txt"],
        ["a.txt", "b.txt"],
    ]
    assert len(looked) == 3
