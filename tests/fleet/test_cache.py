"""What was planned before is taken when, and only when, it would be planned the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite import tape
from gorewrite.evidence import Evidence
from gorewrite.fleet import cache as caches
from gorewrite.fleet import memory as memories
from gorewrite.fleet.entries import Entry, Form
from gorewrite.fleet.gathering import tasks_of
from gorewrite.fleet.groups import Record, Task
from gorewrite.fleet.kept import keep, kept
from gorewrite.fleet.ledger import Ledger
from gorewrite.fleet.plain import dumped, loaded
from gorewrite.fleet.run import Here, Run
from gorewrite.fleet.settings import Settings
from gorewrite.fleet.work import given_up
from gorewrite.outcome import Outcome, Problem
from tests.fleet.tools import GOREWRITE, NAIVE
from tests.repositories import MAIN

ONE, TWO, OWN = "services/one/Dockerfile", "services/two/Dockerfile", "own/Dockerfile"
ROOTED = NAIVE.replace("COPY . .", "COPY go.mod ./\nCOPY . .")
IMPORTING = 'package {}\n\nimport "example.com/shop/internal/{}"\n\nfunc {}() {{ {}.F() }}\n'
REPOSITORY = {
    "go.mod": "module example.com/shop\n\ngo 1.24\n",
    ".dockerignore": "*.md\n",
    "README.md": "# Shop\n",
    "internal/deep/deep.go": "package deep\n\nfunc F() {}\n",
    "internal/near/near.go": IMPORTING.format("near", "deep", "F", "deep"),
    "services/one/main.go": IMPORTING.format("main", "near", "main", "near"),
    ONE: ROOTED.format("./services/one"),
    "services/two/main.go": MAIN,
    TWO: ROOTED.format("./services/two"),
    "own/go.mod": "module example.com/own\n\ngo 1.24\n",
    "own/main.go": MAIN,
    OWN: NAIVE.format("."),
    "compose.yaml": "services:\n  own:\n    build: ./own\n",
}
POD = "kind: Pod\nspec:\n  containers:\n  - image: example.com/{}:1\n    command: [/x]\n"
REPOSITORY["own/pod.yaml"] = POD.format("other")


def write(top: Path, name: str, text: str) -> None:
    path = top / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of few services, for which a cache is used all the same."""
    monkeypatch.setattr(memories, "WORTH_MEMORY", 1)
    monkeypatch.setattr(caches, "_program", lambda: "")  # One test is about it; it takes long.
    monkeypatch.setenv("GOREWRITE_CACHE_DIR", str(tmp_path / "cache"))
    top = tmp_path / "shop"
    for name, text in REPOSITORY.items():
        write(top, name, text)
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    return top


class Planned(NamedTuple):
    entries: list[Entry]
    #: The names of those that were not taken from the cache.
    anew: set[str]


def planned(top: Path, form: Form | None = None, settings: Settings | None = None) -> Planned:
    """One run."""
    form, settings = form or Form(), settings or Settings(here=str(top))
    memory = memories.Memory.of(top, settings)
    assert memory is not None
    found = [(path, str(path.relative_to(top))) for path in memory.survey.find(top)]
    tasks = tasks_of(found)
    run = Run(tasks, [t.real for t in tasks], settings._replace(keeps=True), form, Ledger(), memory)
    anew = {task.display for task in run.left}
    here = Here(settings._replace(keeps=True), memory.survey, form)
    entries = list(run.entries(here, memory.survey))
    memory.save()
    return Planned(entries, anew)


def without_cache(top: Path, monkeypatch: pytest.MonkeyPatch, form: Form | None = None) -> Planned:
    with monkeypatch.context() as patch:
        patch.setenv("GOREWRITE_CACHE_DIR", "/dev/null/none")
        return planned(top, form)


def text(name: str, more: str) -> Callable[[Path], None]:
    def change(top: Path) -> None:
        write(top, name, (REPOSITORY.get(name, "") if name != "own/pod.yaml" else "") + more)

    return change


def link(top: Path) -> None:
    (top / "services/one/main.go").rename(top / "services/one/real.txt")
    (top / "services/one/main.go").symlink_to("real.txt")


def directory(top: Path) -> None:
    (top / "own/main.go").unlink()
    (top / "own/main.go").mkdir()


CHANGES: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("Dockerfile", text(ONE, "# more\n"), {ONE}),
    ("package", text("services/two/main.go", "// more\n"), {TWO}),
    ("package two away", text("internal/deep/deep.go", "// more\n"), {ONE}),
    ("new file of a package", text("internal/near/more.go", "package near\n"), {ONE}),
    ("module", text("go.mod", "// more\n"), {ONE, TWO}),
    ("workspace", text("own/go.work", "go 1.24\n\nuse .\n"), {OWN}),
    ("ignore file", text(".dockerignore", "*.txt\n"), {ONE, TWO}),
    ("ignore file of its own", text(f"{TWO}.dockerignore", "*.txt\n"), {TWO}),
    ("caller", text("services/two/compose.yaml", "services:\n  a:\n    build: .\n"), {TWO}),
    ("caller above", text("compose.yaml", "    image: own\n"), {ONE, TWO, OWN}),
    (
        "caller elsewhere",
        text("own/deploy.sh", "docker build --target x -f services/two/Dockerfile .\n"),
        {TWO, OWN},
    ),
    ("manifest", text("deploy/two.yaml", POD.format("two")), {ONE, TWO}),
    ("contents of a manifest", text("own/pod.yaml", POD.format("two")), {TWO}),
    ("configuration", text("services/two/gorewrite.toml", "strip = false\n"), {TWO}),
    ("configuration of all", text("gorewrite.toml", "strip = false\n"), {ONE, TWO, OWN}),
    ("neighbour", text("own/tool.Dockerfile", "FROM alpine\n"), {OWN, "own/tool.Dockerfile"}),
    ("template beside it", text(f"{TWO}.tmpl", "FROM {{ .x }}\n"), {TWO, f"{TWO}.tmpl"}),
    ("link", link, {ONE}),
    ("kind", directory, {OWN}),
    ("documentation", text("README.md", "more\n"), set()),
    ("unrelated program", text("tools/main.go", MAIN), {ONE, TWO}),
]


@pytest.mark.parametrize(("change", "anew"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_what_a_change_concerns_is_planned_anew(
    top: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    anew: set[str],
) -> None:
    first = planned(top)
    assert first.anew == {ONE, TWO, OWN}
    change(top)
    second = planned(top)
    assert second.entries == without_cache(top, monkeypatch).entries
    assert second.anew == anew
    third = planned(top)
    assert third.entries == second.entries
    assert not third.anew


def test_unchanged_run_is_the_same(top: Path) -> None:
    first, second = planned(top), planned(top)
    assert second == (first.entries, set())


@pytest.mark.parametrize("fresh", [-1, 1 << 62], ids=["by stamps", "by contents"])
def test_checked_by_stamps_or_contents(
    top: Path, monkeypatch: pytest.MonkeyPatch, fresh: int
) -> None:
    monkeypatch.setattr(tape, "_FRESH", fresh)
    planned(top)
    write(top, "internal/deep/deep.go", "package deep\n\nfunc G() {}\n")  # As long as before.
    assert planned(top).anew == {ONE}


def test_new_checkout_hits(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "_FRESH", -1)
    planned(top)
    for path in [path for path in top.rglob("*") if path.is_file() and ".git" not in path.parts]:
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
    assert not planned(top).anew


def test_formats_share_entries(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(top)
    for form in (Form("json"), Form(writes=True), Form(diffs=False), Form(verbose=True, width=60)):
        again = planned(top, form)
        assert not again.anew
        assert again.entries == without_cache(top, monkeypatch, form).entries


def test_options_do_not_share_entries(top: Path) -> None:
    planned(top)
    settings = Settings(here=str(top), review=True)
    assert planned(top, settings=settings).anew == {ONE, TWO, OWN}
    assert not planned(top).anew


def test_source_of_a_transform_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "acme_rules/__init__.py", "")
    write(tmp_path, "acme_rules/helper.py", "A = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        "gorewrite.entrypoints.entry_points", lambda _: {"acme": "acme_rules.rule:Rule"}
    )
    write(tmp_path, "acme_rules/rule.py", "import acme_rules.helper\n")
    before = caches.path_for("/shop", Settings())
    assert caches.path_for("/shop", Settings()) == before
    write(tmp_path, "acme_rules/helper.py", "A = 2\n")
    assert caches.path_for("/shop", Settings()) != before
    assert caches.path_for("/other", Settings()) != caches.path_for("/shop", Settings())


@pytest.mark.parametrize("part", range(0, 100, 7))
@pytest.mark.parametrize("kind", ["cut", "flip"])
def test_damaged_file_is_never_wrong(
    top: Path, monkeypatch: pytest.MonkeyPatch, part: int, kind: str
) -> None:
    first = planned(top)
    (path,) = caches.directory().iterdir()
    data = path.read_bytes()
    at = len(data) * part // 100
    rest = b"" if kind == "cut" else bytes([data[at] ^ 0xFF]) + data[at + 1 :]
    path.write_bytes(data[:at] + rest)
    assert planned(top).entries == first.entries
    assert planned(top) == (first.entries, set())


def test_foreign_file_is_made_anew(top: Path) -> None:
    first = planned(top)
    (path,) = caches.directory().iterdir()
    path.write_bytes(b"gorewrite plans 999\n" + path.read_bytes())
    assert planned(top) == first
    assert planned(top) == (first.entries, set())


def test_directory_that_cannot_be_written_is_no_failure(
    top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOREWRITE_CACHE_DIR", str(top / "go.mod"))
    assert planned(top) == planned(top)


def test_what_depends_on_the_machine_is_not_kept() -> None:
    task = Task(0, "/shop/Dockerfile", "/shop/Dockerfile", "Dockerfile")
    assert given_up(task, "it was killed", Form()).kept == b""
    failure = Problem("Dockerfile", 0, "internal error: MemoryError()", "Traceback …")
    assert keep(Record(task, Outcome("Dockerfile", failure)), Form()) is None
    broken = Record(task, Outcome("Dockerfile", Problem("Dockerfile", 1, "is empty")))
    known = keep(broken, Form())
    assert known is not None and kept(known.data, {}).done(Form()) != b""


class Sample(NamedTuple):
    number: int
    data: bytes | None
    evidence: tuple[Evidence, ...]
    names: frozenset[str]


@given(
    st.builds(
        Sample,
        st.integers(),
        st.none() | st.binary(),
        st.lists(st.builds(Evidence, st.text(), st.integers(0), st.text())).map(tuple),
        st.frozensets(st.text()),
    )
)
def test_plain_data_comes_back(sample: Sample) -> None:
    assert loaded(Sample, dumped(sample)) == sample


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"[1, 2, 3]", b"[1, 2, [], []]", b"nonsense"])
def test_other_data_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        loaded(Sample, data)


def test_two_runs_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOREWRITE_CACHE_DIR", str(tmp_path / "cache"))
    top = tmp_path / "shop"
    for number in range(memories.WORTH_MEMORY):
        write(top, f"s{number:02}/go.mod", "module example.com/s\n\ngo 1.24\n")
        write(top, f"s{number:02}/main.go", MAIN)
        write(top, f"s{number:02}/Dockerfile", NAIVE.format("."))
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    command = [*GOREWRITE, "--dry-run", "--jobs", "1"]
    runs = [
        subprocess.Popen(command, cwd=top, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [run.communicate() for run in runs]
    assert outputs[0] == outputs[1]
    assert [run.returncode for run in runs] == [0, 0]
    again = subprocess.run(command, cwd=top, capture_output=True)
    assert (again.stdout, again.stderr) == outputs[0]
    (path,) = (tmp_path / "cache").iterdir()
    told = subprocess.run([*GOREWRITE, "cache", "info"], capture_output=True, text=True).stdout
    assert str(path.parent) in told
    subprocess.run([*GOREWRITE, "cache", "clear"], check=True, capture_output=True)
    assert not path.exists()
    subprocess.run([*command, "--no-cache"], cwd=top, check=True, capture_output=True)
    assert not path.exists()
