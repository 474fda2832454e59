"""What is seen of two containers, and what is held against the rewrite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gorewrite.verify.compare import Difference
from gorewrite.verify.processes import Processes
from gorewrite.verify.smoke import Smoke, SmokeError, SmokeOptions, _steady, tcp_ports
from tests.verify.servers import http, saying, serving, unused
from tests.verify.tools import CONFIG, Fake

Run = Callable[..., tuple[str, list[Difference]]]


@pytest.fixture
def run(fake: Fake, processes: Processes, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Compares runs of the images before and after; the ports are those that they serve."""
    monkeypatch.setattr("gorewrite.verify.smoke._SETTLED", 0)
    monkeypatch.setattr("gorewrite.verify.smoke._STEP", 0.15)
    monkeypatch.setattr("gorewrite.verify.probe._SILENCE", 0.2)
    fake.has("before", "after")

    def compare(**options: Any) -> tuple[str, list[Difference]]:
        ports = sorted(map(int, fake.scenario["images"]["before"].get("serves", {})))
        smoke = Smoke(fake.engine, processes, "service", SmokeOptions(**options))
        return smoke.compare("service:before", "service:after", ports)

    return compare


def fields(found: list[Difference]) -> list[str]:
    return [difference.what.removeprefix("run: ") for difference in found]


# --- programs that end -----------------------------------------------------------------


def test_same_end(fake: Fake, run: Run) -> None:
    assert run() == ("ends with 3: no database", [])
    runs = [call for call in fake.calls if call[0] == "run"]
    assert [call[-1] for call in runs] == ["service:before", "service:after"]
    # No two containers at a time, and none afterwards.
    assert fake.left == ["service:after", "service:before"]
    words = [call[0] for call in fake.calls]
    assert words == ["network", *["run", "inspect", "logs", "rm"] * 2]


@pytest.mark.parametrize(
    ("after", "what"),
    [
        ({"code": 0}, ["state"]),
        ({"out": "no database!\n"}, ["output"]),
        ({"out": ""}, ["output"]),
        ({"out": "", "err": "no database\n"}, ["output", "error output"]),
        ({"err": "panic: no such file\n", "code": 2}, ["state", "error output"]),
        ({"lasts": None}, ["state", "output", "error output"]),
    ],
)
def test_another_end(fake: Fake, run: Run, after: dict[str, Any], what: list[str]) -> None:
    fake.set("after", **after)
    told, found = run(wait=0.3)
    assert told == "ends with 3: no database"
    assert fields(found) == what
    assert all(not difference.expected for difference in found)
    assert fake.left == ["service:after", "service:before"]


def test_nothing_said(fake: Fake, run: Run) -> None:
    for image in ("before", "after"):
        fake.set(image, out="", code=0)
    assert run() == ("ends with 0: no output", [])


def test_output_that_varies_by_itself(fake: Fake, run: Run) -> None:
    """The image before is asked a second time."""
    fake.set("before", runs=[{"out": "id 3f\n"}, {"out": "id 9c\n"}])
    fake.set("after", out="id 77\n")
    assert run() == ("ends with 3: id 3f", [])
    names = [call[3] for call in fake.calls if call[0] == "run"]
    assert names == ["service-run-before", "service-run-after", "service-run-again"]


def test_what_does_not_vary_is_still_compared(fake: Fake, run: Run) -> None:
    fake.set("before", runs=[{"out": "id 3f\n"}, {"out": "id 9c\n"}])
    fake.set("after", out="id 77\n", err="warning\n", code=1)
    assert fields(run()[1]) == ["state", "error output"]


def test_output_that_only_the_rewritten_varies(fake: Fake, run: Run) -> None:
    fake.set("after", runs=[{"out": "id 3f\n"}, {"out": "id 9c\n"}])
    assert fields(run()[1]) == ["output"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026/11/22 11:25:55 start", "2026/11/23 01:00:00 start"),
        ("2026-11-22T11:25:55.123456Z x", "2027-01-01T00:00:00+01:00 x"),
        ('{"ts":1700000000.123,"m":1}', '{"ts":1800000000.5,"m":1}'),
        ("took 1.5ms, 3h2m1s, 20µs", "took 7ms, 1s, 3ns"),
        ("panic at 0xc000123", "panic at 0xc0ffee"),
        ("goroutine 1 [running]:", "goroutine 33 [running]:"),
        ("/app/cmd/shop/main.go:12 +0x1d", "example.com/shop/cmd/shop/main.go:12 +0x2f"),
        ("panic\n\t/app/main.go:8 +0x1d", "panic\n\t./main.go:8 +0x2f"),
        ("main.go:8: no port", "/src/main.go:8: no port"),
        ("/go/pkg/mod/example.com/!ink/pen@v1.0.0/pen.go:7", "example.com/Ink/pen@v1.0.0/pen.go:7"),
        ("revision=2d481b89a08e", "revision=2d481b89a08e-modified"),
        ("v1.4.2 (clean)", "v1.4.2+dirty (clean)"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("x\n\n", "x"),
    ],
)
def test_what_every_run_says_differently(one: str, other: str) -> None:
    assert _steady(one) == _steady(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("version 1.2.3", "version (devel)"),
        ("main.go:12", "main.go:13"),
        ("the set", "the set-modified"),
        ("listening on :8080", "listening on :8081"),
        ("open /app/views: no such file", "open /views: no such file"),
        ("200 users", "201 users"),
        ("port 1234", "port 1235"),
        ("go1.24.0", "go1.24.1"),
    ],
)
def test_what_is_not_evened_out(one: str, other: str) -> None:
    assert _steady(one) != _steady(other)


# --- servers ---------------------------------------------------------------------------


def serve(fake: Fake, before: int, after: int) -> None:
    for image, port in (("before", before), ("after", after)):
        fake.set(image, serves={"8080": port}, lasts=None)


def test_servers_that_answer_alike(fake: Fake, run: Run) -> None:
    page = http("hello", "200 OK", "Content-Type: text/plain")
    with serving(page) as before, serving(page) as after:
        serve(fake, before, after)
        assert run() == ("stays up, port 8080 200 OK, text/plain", [])
    assert fake.left == ["service:after", "service:before"]


@pytest.mark.parametrize(
    ("page", "what"),
    [
        (http("goodbye"), ["port 8080, body"]),
        (http("hello", "500 Internal Server Error"), ["port 8080"]),
        (http("hello", "200 OK", "Content-Type: text/html"), ["port 8080"]),
        (saying(b"+OK\r\n"), ["port 8080", "port 8080, body"]),
        (lambda _: None, ["port 8080", "port 8080, body"]),
    ],
)
def test_servers_that_answer_differently(fake: Fake, run: Run, page: Any, what: list[str]) -> None:
    with serving(http("hello")) as before, serving(page) as after:
        serve(fake, before, after)
        assert fields(run(wait=0.3)[1]) == what


def test_body_with_a_time_in_it(fake: Fake, run: Run) -> None:
    with serving(http("at 11:25:55")) as before, serving(http("at 12:00:01")) as after:
        serve(fake, before, after)
        assert run()[1] == []


def test_body_that_varies_by_itself(fake: Fake, run: Run) -> None:
    numbers = iter(range(100))

    def counting(connection: Any) -> None:
        http(f"visit no {next(numbers)}")(connection)

    with serving(counting) as before, serving(http("visit no x")) as after:
        serve(fake, before, after)
        assert run()[1] == []


def test_server_that_does_not_listen_any_more(fake: Fake, run: Run) -> None:
    with serving(http()) as before:
        serve(fake, before, unused())
        told, found = run(wait=0.3)
    assert told == "stays up, port 8080 200 OK"
    assert found[0] == Difference("run: port 8080", "200 OK", "does not answer")


def test_server_that_dies_at_once(fake: Fake, run: Run) -> None:
    with serving(http()) as before:
        serve(fake, before, unused())
        fake.set("after", lasts=0, code=1, out="", err="bind: permission denied\n")
        _, found = run()
    assert found[0] == Difference("run: state", "stays up", "ends with 1")
    assert "run: error output" in [difference.what for difference in found]


def test_server_that_dies_after_its_answer(
    fake: Fake, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gorewrite.verify.smoke._SETTLED", 0.6)
    with serving(http()) as before, serving(http()) as after:
        serve(fake, before, after)
        fake.set("after", lasts=0.3, code=2)
        assert run()[1][0] == Difference("run: state", "stays up", "ends with 2")


def test_server_that_dies_of_the_command(fake: Fake, run: Run) -> None:
    with serving(http()) as before, serving(http()) as after:
        serve(fake, before, after)
        fake.set("after", lasts=0.4, code=2)
        _, found = run(command="sleep 0.45")
    assert found[0] == Difference("run: state", "stays up", "ends with 2")


def test_worker_without_ports(fake: Fake, run: Run) -> None:
    for image in ("before", "after"):
        fake.set(image, lasts=None)
    assert run() == ("stays up", [])


def test_several_ports(fake: Fake, run: Run) -> None:
    with serving(http("a")) as one, serving(http("b")) as two, serving(http("c")) as three:
        fake.set("before", serves={"80": one, "9090": two}, lasts=None)
        fake.set("after", serves={"80": one, "9090": three}, lasts=None)
        told, found = run()
    assert told == "stays up, port 80 200 OK, port 9090 200 OK"
    assert fields(found) == ["port 9090, body"]
    call = next(call for call in fake.calls if call[0] == "run")
    assert " ".join(call).count("--publish 127.0.0.1::") == 2


@pytest.mark.parametrize(
    ("exposed", "ports"),
    [
        (None, ()),
        ({}, ()),
        ({"8080/tcp": {}, "80": {}, "53/udp": {}, "9/sctp": {}}, (80, 8080)),
        ({"8000-8002/tcp": {}, "http/tcp": {}}, ()),
    ],
)
def test_ports_of_an_image(exposed: Any, ports: tuple[int, ...]) -> None:
    assert tcp_ports(exposed) == ports


# --- what the user says ----------------------------------------------------------------


def test_arguments_and_environment(fake: Fake, run: Run) -> None:
    run(arguments=("--mode", "x y"), environment=("A=1", "B="))
    calls = [call for call in fake.calls if call[0] == "run"]
    for call, image in zip(calls, ("service:before", "service:after"), strict=True):
        assert call[call.index(image) :] == [image, "--mode", "x y"]
        assert " --env A=1 --env B= " in " ".join(call)


def test_command_of_the_user(fake: Fake, run: Run) -> None:
    """It finds the addresses in its environment, and its result is compared."""
    with serving(http()) as before, serving(http()) as after:
        serve(fake, before, after)
        (difference,) = run(command='echo "$GOREWRITE_HOST_8080 $GOREWRITE_PORT_8080"; exit 4')[1]
        assert difference == Difference(
            "run: command",
            f"127.0.0.1 {before}",
            f"127.0.0.1 {after}",
        )
        assert run(command='[ "$GOREWRITE_CONTAINER" != "" ]; echo $?')[1] == []
        _, found = run(command=f'[ "$GOREWRITE_PORT_8080" = {before} ]')
        assert [str(each) for each in found] == ["run: command: exit status 0 -> exit status 1"]


def test_command_that_does_not_end(fake: Fake, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gorewrite.verify.smoke._ANSWER_WITHIN", 0.5)
    for image in ("before", "after"):
        fake.set(image, lasts=None)
    with pytest.raises(SmokeError):
        run(command="sleep 20")


def test_command_when_the_container_has_ended(run: Run) -> None:
    with pytest.raises(SmokeError):
        run(command="echo checked")


# --- what cannot be run ----------------------------------------------------------------

MISSING = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start "
    'container process: exec: "./shop": stat ./shop: no such file or directory: unknown'
)


def test_program_that_is_missing(fake: Fake, run: Run) -> None:
    fake.set("after", start_error=MISSING)
    told, found = run()
    assert told == "ends with 3: no database"
    assert "start" in fields(found)
    assert "no such file or directory" in next(d.after for d in found if d.what == "run: start")
    assert fake.left == ["service:after", "service:before"]


def test_program_that_is_missing_on_both_sides(fake: Fake, run: Run) -> None:
    for image in ("before", "after"):
        fake.set(image, start_error=MISSING)
    with pytest.raises(SmokeError, match="no such file or directory"):
        run()


def test_hint_of_newer_docker_is_no_reason(fake: Fake, run: Run) -> None:
    """docker/cli cli/command/container/run.go since version 28."""
    fake.scenario["run_help"] = "\n\nRun 'docker run --help' for more information"
    fake.set("after", start_error=MISSING)
    _, found = run()
    (start,) = (each for each in found if each.what == "run: start")
    assert "no such file or directory" in start.after


def test_user_that_is_missing_after(fake: Fake, run: Run) -> None:
    """The start of a container for a user that the image does not know has exit status 125."""
    fake.set("after", start_error="unable to find user app: no matching entries in passwd file")
    assert "start" in fields(run()[1])


@pytest.mark.parametrize("image", ["before", "after"])
def test_what_is_no_fault_of_the_image(fake: Fake, run: Run, image: str) -> None:
    error = (
        "driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:8080 "
        "failed: port is already allocated"
    )
    fake.set(image, start_error=error)
    with pytest.raises(SmokeError, match="port is already allocated"):
        run()


def test_image_that_is_gone(fake: Fake, run: Run) -> None:
    (fake.state / "images/service:after").unlink()
    with pytest.raises(SmokeError, match="no such host"):
        run()


def test_engine_that_stops_in_between(fake: Fake, run: Run) -> None:
    fake.scenario["broken"] = {"inspect": "Cannot connect to the Docker daemon"}
    fake.save()
    with pytest.raises(SmokeError, match="cannot be inspected"):
        run()


def test_logs_that_cannot_be_read(fake: Fake, run: Run) -> None:
    said = "Error response from daemon: configured logging driver does not support reading"
    fake.scenario["broken"] = {"logs": said}
    fake.set("after", out="something else\n")
    with pytest.raises(SmokeError):
        run()


# --- without a bridge network ----------------------------------------------------------


def test_network_of_the_host(fake: Fake, run: Run) -> None:
    fake.scenario["networks"] = ["host", "none"]
    port = unused()
    for image in ("before", "after"):
        fake.set(image, serves={str(port): port})
    assert run() == ("ends with 3: no database", [])
    call = next(call for call in fake.calls if call[0] == "run")
    assert "--network host" in " ".join(call)
    assert "--publish" not in call


@pytest.mark.parametrize(
    "page",
    [
        http(),
        saying(b"x"),
        lambda _: None,
    ],
)
def test_port_in_use(fake: Fake, run: Run, page: Any) -> None:
    """It would answer for both."""
    fake.scenario["networks"] = ["host", "none"]
    with serving(page) as port:
        fake.set("before", serves={str(port): port})
        with pytest.raises(SmokeError, match=f"port {port} is in use on this machine"):
            run()
    assert [call for call in fake.calls if call[0] == "run"] == []


def test_network_of_podman(fake: Fake, run: Run) -> None:
    fake.scenario["networks"] = ["podman"]
    for image in ("before", "after"):
        fake.set(image, serves={"80": 1}, config=CONFIG)
    run()
    assert "--publish" in next(call for call in fake.calls if call[0] == "run")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("tcp://engine.example:2375", "engine.example"),
        ("ssh://me@build.example", "build.example"),
        ("unix:///run/docker.sock", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_where_published_ports_are(
    monkeypatch: pytest.MonkeyPatch, host: str, expected: str
) -> None:
    from gorewrite.verify.smoke import _engine_host

    monkeypatch.setenv("DOCKER_HOST", host)
    assert _engine_host() == expected
