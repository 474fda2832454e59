"""What is said of verifications, in text, Markdown, JSON, and as a picture."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from gorewrite.formats.markdown import escaped
from gorewrite.verify.compare import DECLARED, Difference
from gorewrite.verify.engines import Engine
from gorewrite.verify.images import BuiltImage
from gorewrite.verify.measure import Times
from gorewrite.verify.plot import PlotError, check, plot
from gorewrite.verify.show import as_json, as_markdown, as_text, closing, rows, size_text
from gorewrite.verify.verification import Side, Verdict, Verification

ENGINE = Engine("buildx", "/usr/bin/docker", "docker buildx v0.22.0, Docker Engine 28.0.4")
NAME = "services/checkout/Dockerfile"


def side(size: int, layers: int, *times: float | None, sent: int | None = None) -> Side:
    found = tuple(size // layers for _ in range(layers))
    image = BuiltImage("name", size, found, {}, "linux/amd64")
    seconds: Any = times
    return Side(image, Times(*seconds, sent=sent))


def verification(verdict: Verdict = Verdict.VERIFIED, **fields: Any) -> Verification:
    base = Verification(
        NAME,
        verdict,
        "the contract and the run are the same",
        before=side(923_200_000, 7, 61.04, 0.62, 32.71, 28.4, sent=2_250_000),
        after=side(7_700_000, 3, 63.2, 0.59, 1.13, 0.94, sent=1_520),
        runs=("stays up, port 8080 200 OK, text/plain; charset=utf-8",),
    )
    return base._replace(**fields)


UNVERIFIED = verification(
    Verdict.UNVERIFIED,
    reason="it does not build as it is: the build failed",
    log="#5 [2/2] RUN go build\n#5 ERROR: exit code: 1",
    before=None,
    after=None,
    runs=(),
)
FAILED = verification(
    Verdict.FAILED,
    reason="user: 0 -> 65532 and 1 more",
    differences=(
        Difference("user", "0", "65532"),
        Difference("/app/shop", "file 0755 0:0", "file 0755 65532:65532"),
        Difference("env GOPATH", "/go", "none", "steers builds only"),
        Difference("program", "none", "/app/shop", DECLARED),
    ),
    notes=("target dev does not build as it is: the build failed",),
)
UNCHANGED = Verification("tools/Dockerfile", Verdict.UNCHANGED, "nothing would change")


def text(shown: Verification, *, verbose: bool = False) -> str:
    return click.unstyle(as_text(shown, verbose=verbose))


# --- text ------------------------------------------------------------------------------


def test_text() -> None:
    assert text(verification()).splitlines() == [
        NAME,
        "  verified: the contract and the run are the same",
        "                                  before       after",
        "  image size                    923.2 MB      7.7 MB   -99.2 %",
        "  layers                               7           3          ",
        "  context sent                    2.2 MB      1.5 kB          ",
        "  cold build                      61.0 s      63.2 s          ",
        "  rebuild, nothing changed         0.6 s       0.6 s          ",
        "  rebuild, source edit            32.7 s       1.1 s     28.9x",
        "  rebuild, go.mod edit            28.4 s       0.9 s     30.2x",
        "  run: stays up, port 8080 200 OK, text/plain; charset=utf-8",
    ]


def test_text_of_a_failure() -> None:
    lines = text(FAILED).splitlines()
    assert lines[:2] == [NAME, "  failed: user: 0 -> 65532 and 1 more"]
    assert lines[-3:] == [
        "  ! user: 0 -> 65532",
        "  ! /app/shop: file 0755 0:0 -> file 0755 65532:65532",
        "  note: target dev does not build as it is: the build failed",
    ]
    # What was expected is only told on request.
    assert "steers builds only" not in text(FAILED)
    verbose = text(FAILED, verbose=True)
    assert "  = env GOPATH: /go -> none (steers builds only)\n" in verbose
    assert "  layers after: 2.6 MB, 2.6 MB, 2.6 MB\n" in verbose


def test_text_without_images() -> None:
    assert text(UNVERIFIED).splitlines() == [
        NAME,
        "  unverified: it does not build as it is: the build failed",
        "    #5 [2/2] RUN go build",
        "    #5 ERROR: exit code: 1",
    ]


@pytest.mark.parametrize(
    ("shown", "verbose"),
    [
        (verification(), False),
        (FAILED, False),
        (UNCHANGED, True),
        (UNVERIFIED, False),
        (verification(), True),
    ],
)
def test_text_fits_a_terminal(shown: Verification, verbose: bool) -> None:
    assert [line for line in text(shown, verbose=verbose).splitlines() if len(line) > 80] == []


def test_closing_fits_a_terminal() -> None:
    lines = closing([verification()], ENGINE).splitlines()
    assert [line for line in lines if len(line) > 80] == []


LONG = "\n".join(f"line {n}: what a program says" for n in range(300))


@pytest.mark.parametrize("form", ["text", "markdown", "reason"])
def test_long_values_are_cut(form: str) -> None:
    difference = Difference("run: port 8080, body", LONG, LONG.upper())
    shown = verification(Verdict.FAILED, reason=str(difference), differences=(difference,))
    match form:
        case "text":
            said = text(shown)
        case "markdown":
            said = as_markdown([shown], ENGINE)
        case _:
            said = str(difference)
            assert "\n" not in said
    assert len(said) < 2000


def test_colours_follow_the_verdict() -> None:
    assert "\x1b[32m\x1b[1mverified\x1b[0m" in as_text(verification(), verbose=False)
    assert "\x1b[31m\x1b[1mfailed\x1b[0m" in as_text(FAILED, verbose=False)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (7_700_000, "7.7 MB"),
        (923_200_000, "923.2 MB"),
        (1_234_000_000, "1.23 GB"),
        (12_340_000_000_000, "12340.00 GB"),
    ],
)
def test_sizes(size: int, said: str) -> None:
    assert size_text(size) == said


def test_only_what_was_measured_on_both_sides() -> None:
    before, after = side(100, 1, 1.0, None, 2.0, sent=5), side(90, 1, 2.0, 0.5, None)
    names = [row.name for row in rows(verification(before=before, after=after))]
    assert names == ["image size", "layers", "cold build"]
    assert list(rows(verification(after=None))) == []
    assert next(rows(verification(before=side(0, 1, 1.0)))).change == ""


def test_rebuild_in_no_time() -> None:
    assert list(rows(verification(after=side(9, 1, 1.0, 1.0, 0.0, 0.0))))


def test_closing() -> None:
    half = verification(after=side(461_600_000, 1, 1.0))

    def said(*verifications: Verification) -> str:
        joined = " ".join(closing(verifications, ENGINE).split())
        text, _, engine = joined.partition(" Built with ")
        assert engine == f"{ENGINE.title}."
        return text

    assert said() == "no Dockerfile of a Go service found."
    assert said(UNCHANGED) == "1 unchanged."
    assert said(half) == "1 verified; image size -50.0 % (median)."
    # Only what is verified counts.
    assert said(UNVERIFIED, half, FAILED, UNCHANGED, verification()) == (
        "2 verified, 1 failed, 1 unverified, 1 unchanged; image size -74.6 % (median)."
    )
    larger = verification(after=side(1_846_400_000, 1, 1.0))
    assert said(larger) == "1 verified; image size +100.0 % (median)."


# --- Markdown --------------------------------------------------------------------------


def test_markdown() -> None:
    lines = as_markdown([verification(), UNVERIFIED, UNCHANGED], ENGINE).splitlines()
    assert lines[:5] == [
        "| Dockerfile | result | image size | rebuild, source edit | rebuild, go.mod edit |",
        "|---|---|---|---|---|",
        f"| <code>{NAME}</code> | verified | 923.2 MB → 7.7 MB (-99.2 %) | 32.7 s → 1.1 s (28.9x) "
        "| 28.4 s → 0.9 s (30.2x) |",
        f"| <code>{NAME}</code> | unverified | – | – | – |",
        "| <code>tools/Dockerfile</code> | unchanged | – | – | – |",
    ]
    assert "<details><summary>Differences and runs</summary>" in lines
    assert "</details>" in lines
    assert f"* <code>{NAME}</code>: it does not build as it is: the build failed" in lines
    assert lines[-1].endswith(" with docker buildx v0.22.0, Docker Engine 28.0.4.")
    assert "* <code>tools/Dockerfile</code>: nothing would change" not in lines


def test_markdown_of_nothing() -> None:
    assert as_markdown([], None).count("\n") == 2
    assert "details" not in as_markdown([UNCHANGED], None)


def test_markdown_of_what_programs_say() -> None:
    """It formats nothing, mentions nobody, and ends no row."""
    hostile = "@team </details> `x` | #77"
    shown = verification()._replace(display="a|b/*/Dockerfile", runs=(f"ends with 0: {hostile}",))
    said = as_markdown([shown], ENGINE)
    assert "| <code>a&#124;b/&#42;/Dockerfile</code> | verified" in said
    assert said.count("</details>") == 1
    assert "@team" not in said and "#77" not in said and "`" not in said


def test_markdown_has_all_differences() -> None:
    said = as_markdown([FAILED], ENGINE)
    for difference in FAILED.differences:
        assert f"  * {escaped(str(difference))}\n" in said


# --- JSON ------------------------------------------------------------------------------


def test_json() -> None:
    document = json.loads(as_json([FAILED, UNVERIFIED], ENGINE))
    assert document["engine"] == ENGINE.title
    assert document["summary"] == {"failed": 1, "unverified": 1}
    failed, unverified = document["results"]
    assert failed["before"] == {
        "size": 923_200_000,
        "layers": [131_885_714] * 7,
        "context_sent": 2_250_000,
        "seconds": {
            "cold": 61.04,
            "unchanged": 0.62,
            "source_edit": 32.71,
            "dependency_edit": 28.4,
        },
    }
    assert failed["differences"][0] == {
        "what": "user",
        "before": "0",
        "after": "65532",
        "expected": None,
    }
    assert failed["differences"][3]["expected"] == "the patch says so"
    assert (unverified["before"], unverified["after"]) == (None, None)
    assert unverified["log"].endswith("exit code: 1")
    assert json.loads(as_json([], None))["engine"] is None


def test_json_keys_are_documented() -> None:
    docs = Path(__file__).parents[2] / "docs"
    pages = (docs / "json.md").read_text() + (docs / "verify.md").read_text()
    documented = set(re.findall(r"`([^`\n]+)`", pages.replace("```", "")))
    named = {word for text in documented for word in re.findall(r"\w+", text)}

    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    document = json.loads(as_json([FAILED, UNVERIFIED], ENGINE))
    missing = keys(document) - named - {str(verdict) for verdict in Verdict}
    assert missing == set()


# --- picture ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.svg", "out.png"])
def test_picture(tmp_path: Path, name: str) -> None:
    other = FAILED._replace(display="b/Dockerfile", after=side(9, 1, 1.0))
    check(tmp_path / name)
    plot([verification(), UNVERIFIED, other], tmp_path / name)
    data = (tmp_path / name).read_bytes()
    assert data.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")


def test_picture_without_times(tmp_path: Path) -> None:
    quick = verification(before=side(9, 1, 1.0), after=side(3, 1, 1.0))
    plot([quick], tmp_path / "out.svg")
    assert (tmp_path / "out.svg").stat().st_size > 1000


@pytest.mark.parametrize(
    "name",
    [
        "_^/Dockerfile",
        "a$b/Dockerfile",
        "a$_$/Dockerfile",
    ],
)
def test_names_are_no_formulas(tmp_path: Path, name: str) -> None:
    plot([verification(display=name)], tmp_path / "out.svg")


def test_picture_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(PlotError, match="nothing was measured"):
        plot([UNVERIFIED, UNCHANGED], tmp_path / "out.svg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out", "out.pdf", "svg", "out.svg.gz"])
def test_picture_of_another_kind(name: str) -> None:
    with pytest.raises(PlotError, match=r"ends in \.svg or \.png"):
        check(Path(name))


def test_picture_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(PlotError, match="choose another file"):
        plot([verification()], tmp_path / "none/out.svg")


def test_picture_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(PlotError, match="pip install matplotlib"):
        check(Path("out.svg"))
