"""Reading an image from an engine."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gorewrite.verify.images import FileEntry, ImageError, Images
from gorewrite.verify.processes import Processes
from tests.verify.tools import CONFIG, LINKED, Fake


@pytest.fixture
def images(fake: Fake, processes: Processes, tmp_path: Path) -> Images:
    fake.has("before", "after")
    return Images(fake.engine, processes, tmp_path)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode("latin-1")).hexdigest()


def test_inspect(fake: Fake, images: Images) -> None:
    fake.set("after", layers=[500, 0, 20, 0, 3])
    found = images.inspect("service:after")
    assert (found.name, found.size, found.platform) == ("service:after", 9_000_000, "linux/amd64")
    # The lowest first, without the steps that hold nothing.
    assert found.layers == (500, 20, 3)
    assert found.config.items() >= CONFIG.items()


def test_image_without_layers(fake: Fake, images: Images) -> None:
    fake.set("after", layers=[], size=0)
    assert images.inspect("service:after")[1:3] == (0, ())


def test_image_that_is_not_there(images: Images) -> None:
    with pytest.raises(ImageError) as error:
        images.inspect("service:none")
    assert str(error.value) == "image inspect: Error: No such image: service:none"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("echo", "cannot be read"),
        ("echo '[]'", "cannot be read"),
        ("echo '[{}]'", "cannot be read"),
        ("echo '[{\"Size\": null}]'", "cannot be read"),
        ("exit 3", "image inspect: it said nothing"),
    ],
)
def test_engine_that_answers_something_else(
    fake: Fake, images: Images, answer: str, said: str
) -> None:
    fake.answers(answer)
    with pytest.raises(ImageError, match=said):
        images.inspect("service:after")


def test_files(fake: Fake, images: Images) -> None:
    fake.set(
        "before",
        files={
            "/app": {"kind": "directory", "mode": 0o1777, "owner": (1, 2)},
            "/app/shop": {"content": LINKED, "mode": 0o755},
            "/app/views/a.html": {"content": "a", "mode": 0o640, "owner": (65532, 65532)},
            "/app/views/same": {"kind": "hard", "target": "/app/views/a.html"},
            "/app/now": {"kind": "link", "target": "../etc/now"},
            "/application": {"content": "beside it"},
        },
    )
    images.container("service:before", "one")
    assert images.files("one", "/app") == {
        "/app": FileEntry("directory", 0o1777, (1, 2), ""),
        "/app/shop": FileEntry("file", 0o755, (0, 0), sha(LINKED), go=True),
        "/app/views": FileEntry("directory", 0o755, (0, 0), ""),
        "/app/views/a.html": FileEntry("file", 0o640, (65532, 65532), sha("a")),
        "/app/views/same": FileEntry("file", 0o755, (0, 0), sha("a")),
        "/app/now": FileEntry("link", 0o777, (0, 0), "../etc/now"),
    }
    assert images.files("one", "/app/shop") == {
        "/app/shop": FileEntry("file", 0o755, (0, 0), sha(LINKED), go=True)
    }
    assert images.files("one", "/app/now") == {
        "/app/now": FileEntry("link", 0o777, (0, 0), "../etc/now")
    }
    assert images.files("one", "/nowhere") is None
    assert images.files("one", "/app/shop/below") is None


@pytest.mark.parametrize("before", [0, 5, (1 << 20) - 5, (1 << 20) - 1, 1 << 20])
def test_go_program_wherever_its_mark_is(fake: Fake, images: Images, before: int) -> None:
    """It may lie across two reads."""
    content = "x" * before + "\xff Go buildinf:" + "x" * 9
    files = {"/go": {"content": content}, "/no": {"content": content.replace("\xff", "")}}
    fake.set("after", files=files)
    images.container("service:after", "one")
    found = [(images.files("one", path) or {})[path] for path in ("/go", "/no")]
    assert [entry.go for entry in found] == [True, False]
    assert found[0].content == sha(content)


def test_container_that_cannot_be_made(images: Images) -> None:
    images.container("service:after", "one")
    with pytest.raises(ImageError, match="is already in use"):
        images.container("service:after", "one")
    with pytest.raises(ImageError, match="no such host"):
        images.container("service:none", "two")


def test_image_without_a_command_can_be_read(fake: Fake, images: Images) -> None:
    fake.set("after", config={}, files={"/a": {"content": "a"}})
    images.container("service:after", "one")
    assert images.files("one", "/a") is not None


def test_archive_that_breaks_off(fake: Fake, images: Images) -> None:
    fake.answers("head -c 700 /dev/urandom")
    with pytest.raises(ImageError, match="cannot be read"):
        images.files("one", "/app")


@pytest.mark.parametrize(
    "said",
    ["Cannot connect to the Docker daemon. Is the docker daemon running?", "permission denied"],
)
def test_copy_that_fails_is_not_a_missing_file(fake: Fake, images: Images, said: str) -> None:
    """Missing on both sides would be no difference."""
    fake.scenario["broken"] = {"cp": said}
    fake.save()
    with pytest.raises(ImageError):
        images.files("one", "/app")


def test_copy_that_takes_too_long(
    fake: Fake, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gorewrite.verify.images._ANSWER_WITHIN", 0.3)
    fake.answers("head -c 10240 /dev/zero\nexec sleep 30")
    with pytest.raises(ImageError):
        images.files("one", "/app")
