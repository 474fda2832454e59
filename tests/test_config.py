"""The configuration file."""

import os
import pickle
import re
from pathlib import Path

import pytest

from gorewrite import config as config_module
from gorewrite import files
from gorewrite.config import Config, ConfigError, Configurations, keys, load


def written(root: Path, text: str, name: str = "gorewrite.toml") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / ".git").mkdir(exist_ok=True)
    (root / name).write_text(text)
    return root


def test_defaults(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    config = load(tmp_path)
    assert config == Config()
    assert config.runtime == "auto" and config.distroless_suite == "debian13"
    assert config.strip and config.trimpath
    assert not (config.review or config.apt_cache_mounts or config.legacy_static_flags)
    assert config.max_file_size == 1 << 20
    assert config.path is None
    assert config.context_for(tmp_path / "Dockerfile") is None


EVERY_KEY = """
enabled = false
select = ["cache-mounts"]
ignore = ["slim-base"]
review = true
runtime = "registry.example.com/base:1"
registry-prefix = "registry.example.com/mirror"
distroless-suite = "debian12"
exclude = ["third_party", "a/*"]
context = "."
apt-cache-mounts = true
strip = false
trimpath = false
legacy-static-flags = true
max-file-size = 4096
[contexts]
"svc/*/Dockerfile" = "svc"
"""


def test_every_key(tmp_path: Path) -> None:
    config = load(written(tmp_path, EVERY_KEY))
    assert config == Config(
        enabled=False,
        select=("cache-mounts",),
        ignore=("slim-base",),
        review=True,
        runtime="registry.example.com/base:1",
        registry_prefix="registry.example.com/mirror",
        distroless_suite="debian12",
        exclude=("third_party", "a/*"),
        context=".",
        contexts=(("svc/*/Dockerfile", "svc"),),
        apt_cache_mounts=True,
        strip=False,
        trimpath=False,
        legacy_static_flags=True,
        max_file_size=4096,
        path=tmp_path / "gorewrite.toml",
    )
    assert pickle.loads(pickle.dumps(config)) == config
    assert hash(config)


def test_every_key_is_described() -> None:
    described = keys()
    assert all(f"\n{key} = " in EVERY_KEY or f"[{key}]" in EVERY_KEY for key in described)
    for each in described.values():
        assert each.metadata["help"].endswith(".")
        assert each.metadata["kind"]
    assert "path" not in described


def test_pyproject(tmp_path: Path) -> None:
    written(
        tmp_path,
        '[tool.gorewrite]\nreview = true\n[tool.gorewrite.contexts]\n"a" = "b"\n',
        "pyproject.toml",
    )
    config = load(tmp_path)
    assert config.review and config.contexts == (("a", "b"),)


def test_upward(tmp_path: Path) -> None:
    written(tmp_path, "review = true\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (below / "Dockerfile").write_text("")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert load(below).review
    assert load(below / "Dockerfile").review
    (tmp_path / "a" / "gorewrite.toml").write_text("")
    assert not load(below).review
    assert load(below).path == tmp_path / "a" / "gorewrite.toml"


def test_nearest_name_goes_first(tmp_path: Path) -> None:
    written(tmp_path, "[tool.gorewrite]\nreview = false\n", "pyproject.toml")
    assert load(written(tmp_path, "review = true\n")).review


def test_not_above_the_repository(tmp_path: Path) -> None:
    (tmp_path / "gorewrite.toml").write_text("review = true\n")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "loose").mkdir()
    assert not load(tmp_path / "repo").review
    assert load(tmp_path / "loose").review


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("reveiw = true", "unknown key reveiw; did you mean review?"),
        ("max_file_size = 1", "unknown key max_file_size; did you mean max-file-size?"),
        ("path = 'x'", "unknown key path; "),
        ("zzzz = 1", "unknown key zzzz; known: enabled, select, "),
        ("review = 1", "review must be true or false"),
        ("review = 'yes'", "review must be true or false"),
        ("select = 'a'", "select must be a list of strings"),
        ("exclude = [1]", "exclude must be a list of strings"),
        ("runtime = ''", "runtime must be an image"),
        ("runtime = 'a base'", "runtime must be an image"),
        ("runtime = '${BASE}'", "runtime must be an image"),
        ("runtime = 'https://example.com/base'", "runtime must be an image"),
        ("registry-prefix = 1", "registry-prefix must be a registry, or a place in one"),
        ("registry-prefix = 'https://example.com'", "registry-prefix must be a registry"),
        ("distroless-suite = 'debian11'", "distroless-suite must be one of debian12, debian13"),
        ("distroless-suite = []", "distroless-suite must be one of debian12, debian13"),
        ("max-file-size = 0", "max-file-size must be a number of bytes above 0"),
        ("max-file-size = 1_000_000_000_000_000_000_000", "max-file-size must be a number"),
        ("exclude = ['']", "exclude: : an empty glob"),
        ("max-file-size = true", "max-file-size must be a number of bytes above 0"),
        ("max-file-size = 1.5", "max-file-size must be a number of bytes above 0"),
        ("contexts = 'a'", "contexts must be a table of strings"),
        ("[contexts]\na = 1", "contexts must be a table of strings"),
        ("review = yes", "not TOML: "),
    ],
)
def test_problems(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    place = re.escape(str(tmp_path / "gorewrite.toml"))
    assert re.match(rf"{place}:[1-9]\d*: {re.escape(problem)}", str(caught.value))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("review = true\n\nselect = ['a',\n  1]\n", 3),
        ("review = true\n[[overrides]]\npaths = ['a']\n[[overrides]]\nruntime = 'alpine'\n", 4),
        ("[[overrides]]\npaths = ['a']\nselect = []\nrunntime = 'alpine'\n", 4),
        ("[pull-requests]\nlabels = []\ntitle = '{whta}'\n", 3),
        ("review = true\nruntime = alpine\n", 2),
    ],
)
def test_problems_have_a_line(tmp_path: Path, text: str, line: int) -> None:
    """That of the value; of what is missing that of its table."""
    with pytest.raises(ConfigError, match=rf"/gorewrite\.toml:{line}: "):
        load(written(tmp_path / "own", text))
    table = text.replace("[[", "[[tool.gorewrite.").replace("[pull", "[tool.gorewrite.pull")
    with pytest.raises(ConfigError, match=rf"/pyproject\.toml:{line + 1}: "):
        load(written(tmp_path / "project", f"[tool.gorewrite]\n{table}", "pyproject.toml"))


def test_problems_of_the_file(tmp_path: Path) -> None:
    (written(tmp_path, "") / "gorewrite.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="not TOML"):
        load(tmp_path)
    for text in ("review = ", "a = " + "[" * 5000):
        (tmp_path / "gorewrite.toml").write_text(text)
        with pytest.raises(ConfigError, match=r"gorewrite\.toml: not TOML"):
            load(tmp_path)
    (tmp_path / "gorewrite.toml").write_text("#" * (1 << 20) + "\n")
    with pytest.raises(ConfigError, match="larger than"):
        load(tmp_path)
    written(tmp_path / "p", "[tool]\ngorewrite = 1\n", "pyproject.toml")
    with pytest.raises(ConfigError, match=r"tool\.gorewrite must be a table"):
        load(tmp_path / "p")
    written(tmp_path / "q", "tool = 1\n", "pyproject.toml")
    assert load(tmp_path / "q") == Config()


def test_file_of_an_editor_that_marks_its_encoding(tmp_path: Path) -> None:
    (tmp_path / "gorewrite.toml").write_bytes(b"\xef\xbb\xbfreview = true\n")
    assert load(tmp_path).review


def test_link_that_leads_nowhere(tmp_path: Path) -> None:
    """What it says is not known; it may be to leave all alone."""
    (tmp_path / "gorewrite.toml").symlink_to("../shared/gorewrite.toml")
    with pytest.raises(ConfigError, match=r"gorewrite\.toml: links to what is not there"):
        load(tmp_path)


def test_context_for(tmp_path: Path) -> None:
    text = 'context = "."\n[contexts]\n"svc/*/Dockerfile" = "svc"\n"./b/*" = "b"\n"svc/x/*" = "b"\n'
    root = written(tmp_path, text)
    for name in ("svc/x", "b", "c"):
        (root / name).mkdir(parents=True)
    config = load(root)
    assert config.context_for(root / "svc/x/Dockerfile") == root / "svc"
    assert config.context_for(root / "svc/x/Dockerfile.dev") == root / "b"
    assert config.context_for(root / "b/Dockerfile") == root / "b"
    assert config.context_for(root / "c/Dockerfile") == root
    assert config.context_for(tmp_path.parent / "Dockerfile") == root


def test_context_that_is_none(tmp_path: Path) -> None:
    root = tmp_path
    with pytest.raises(ConfigError, match="context absent is not a directory"):
        load(written(tmp_path, 'context = "absent"\n')).context_for(root / "Dockerfile")


# --- overrides -------------------------------------------------------------------------------

OVERRIDES = """
runtime = "distroless"
ignore = ["merge-runs"]

[[overrides]]
paths = ["services/legacy/**", "old"]
runtime = "alpine"
ignore = []

[[overrides]]
paths = ["services/legacy/cart"]
enabled = false
runtime = "scratch"
"""


def test_overrides_of_a_file(tmp_path: Path) -> None:
    root = written(tmp_path, OVERRIDES)
    for name in ("services/legacy/cart", "services/legacy/till", "services/shop", "a/old"):
        (root / name).mkdir(parents=True)
    configurations = Configurations()

    def of(name: str) -> tuple[bool, str, tuple[str, ...]]:
        config = configurations.load(root / name)
        assert config.path == root / "gorewrite.toml"
        return config.enabled, config.runtime, config.ignore

    assert of("services/shop/Dockerfile") == (True, "distroless", ("merge-runs",))
    assert of("services/legacy/till/Dockerfile") == (True, "alpine", ())
    assert of("services/legacy/cart/Dockerfile") == (False, "scratch", ())
    assert of("services/legacy/cart/deep/Dockerfile") == (False, "scratch", ())
    assert of("a/old/Dockerfile.dev") == (True, "alpine", ())
    assert of("services/legacy") == (True, "distroless", ("merge-runs",)), "of a directory: none"


def test_overrides_in_pyproject(tmp_path: Path) -> None:
    text = '[[tool.gorewrite.overrides]]\npaths = ["a"]\nreview = true\n'
    root = written(tmp_path, text, "pyproject.toml")
    assert load(root / "a" / "Dockerfile").review
    assert not load(root / "b" / "Dockerfile").review


def test_override_of_contexts(tmp_path: Path) -> None:
    text = '[[overrides]]\npaths = ["a"]\ncontext = "."\n[overrides.contexts]\n"*.dev" = "a"\n'
    root = written(tmp_path, text)
    (root / "a").mkdir()
    for name, context in (("Dockerfile", root), ("Dockerfile.dev", root / "a")):
        file = root / "a" / name
        assert load(file).context_for(file) == context
    assert load(root / "Dockerfile").context_for(root / "Dockerfile") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("overrides = 1", "overrides must be tables, each under [[overrides]]"),
        ("overrides = ['a']", "overrides must be tables, each under [[overrides]]"),
        ("[overrides]\npaths = ['a']", "overrides must be tables, each under [[overrides]]"),
        ("override = 1", "unknown key override; did you mean overrides?"),
        ("[[overrides]]\nreview = true", "paths must be a list of globs"),
        ("[[overrides]]\npaths = []", "paths must be a list of globs"),
        ("[[overrides]]\npaths = ['[']", "paths: [: "),
        (
            "[[overrides]]\npaths = ['a']\n[[overrides]]\npaths = ['a']\nreveiw = true",
            "unknown key reveiw; did you mean review?",
        ),
        (
            "[[overrides]]\npaths = ['a']\nexclude = ['b']",
            "exclude cannot be overridden",
        ),
        (
            "[[overrides]]\npaths = ['a']\n[[overrides.overrides]]\npaths = ['b']",
            "overrides cannot be overridden",
        ),
        ("[[overrides]]\npaths = ['a']\nstrip = 1", "strip must be true or"),
        ("exclude = ['!a']", "exclude: !a: "),
        ("[contexts]\n'../a' = '.'", "contexts: ../a: `..` leads out"),
    ],
)
def test_problems_of_overrides_and_globs(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    place = re.escape(str(tmp_path / "gorewrite.toml"))
    assert re.match(rf"{place}:[1-9]\d*: {re.escape(problem)}", str(caught.value))


def test_a_directory_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = written(tmp_path, 'ignore = ["a"]\n')
    written(root / "bad", "reveiw = true\n")
    places = [root / f"s{number}" for number in range(20)]
    for place in places:
        place.mkdir()
    asked: list[str] = []
    kind_of, among = config_module.kind_of, files.among
    monkeypatch.setattr(config_module, "kind_of", lambda path: asked.append(path) or kind_of(path))
    monkeypatch.setattr(
        files, "among", lambda place, names: asked.append(f"in {place}") or among(place, names)
    )
    configurations = Configurations()
    for place in places:
        configurations.load(place / "Dockerfile")
    first = len(asked)
    for place in places:
        configurations.load(place / "Dockerfile")
        configurations.load(place / "Dockerfile.dev")
    assert len(asked) - first == 2 * len(places), "only whether it is a directory"
    for _ in range(3):
        with pytest.raises(ConfigError, match="did you mean review"):
            configurations.load(root / "bad" / "Dockerfile")
    assert asked.count(f"in {root / 'bad'}") == 1


def test_origin(tmp_path: Path) -> None:
    settings, name = Configurations().settings(written(tmp_path, OVERRIDES))
    assert settings is not None and name is None
    for key, name, line, glob in (
        ("runtime", "shop/Dockerfile", 2, None),
        ("runtime", "services/legacy/cart/Dockerfile", 13, "services/legacy/cart"),
        ("ignore", "services/legacy/cart/Dockerfile", 8, "services/legacy/**"),
        ("enabled", "services/legacy/cart/Dockerfile", 12, "services/legacy/cart"),
    ):
        origin = settings.origin(key, name)
        assert origin is not None
        assert (origin.path, origin.line) == (tmp_path / "gorewrite.toml", line)
        assert (origin.override.paths[0] if origin.override else None) == glob
    assert settings.origin("enabled", "shop/Dockerfile") is None


def test_a_very_deep_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = written(tmp_path, "review = true\n")
    monkeypatch.chdir(root)
    for _ in range(400):
        Path("a").mkdir()
        os.chdir("a")
    assert load(root / ("a/" * 400) / "Dockerfile").review
