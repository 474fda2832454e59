"""A headless Chromium, driven through the pipe of its DevTools protocol: no library is needed."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 60


class BrowserError(Exception):
    """What the browser, or a script in the page, answered instead of a result."""


def find() -> str | None:
    """The path of a Chromium, if there is one."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Page:
    """One page. Everything waits for its answer, so tests read from top to bottom."""

    def __init__(self, out: int, back: int) -> None:
        self._out, self._back = out, back
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, **params: Any) -> Any:
        """The result of a command. Raises BrowserError."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + _SECONDS
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def _read(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._back], [], [], left)[0]:
                raise BrowserError("the browser does not answer")
            self._buffer += os.read(self._back, 1 << 20) or b"\0{}"
        line, _, self._buffer = self._buffer.partition(b"\0")
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    def attach(self) -> None:
        """Opens a page, to which all that follows is sent."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = session["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def size(self, width: int, height: int) -> None:
        """Sets the size of the window, in pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def media(self, kind: str = "screen", **features: str) -> None:
        """Sets what the style sheet asks for, as prefers_color_scheme="dark"."""
        told = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.send("Emulation.setEmulatedMedia", media=kind, features=told)

    def open(self, path: Path, address: str = "") -> None:
        """Loads a file and waits until its report is drawn."""
        self.events.clear()
        self.send("Page.navigate", url="about:blank")
        self.send("Page.navigate", url=f"{path.as_uri()}{address}")
        self.wait('document.documentElement?.hasAttribute("data-ready")')

    def wait(self, condition: str) -> None:
        """Waits until a JavaScript expression holds. Raises BrowserError."""
        deadline = time.monotonic() + _SECONDS
        while not self.ask(condition):
            if time.monotonic() > deadline:
                raise BrowserError(f"never: {condition}; {self.problems()}")
            time.sleep(0.02)

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited. Raises BrowserError."""
        found = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            raise BrowserError(details.get("exception", details).get("description", "exception"))
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """Presses a key in the element that has the focus; one character is also typed."""
        event = {"key": key, "code": key, "windowsVirtualKeyCode": _KEY_CODES.get(key, 0)}
        typed = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", **event, **typed)
        self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    def problems(self) -> list[str]:
        """Errors in the console, and what was asked of the network."""
        self.ask("0")
        found = []
        for event in self.events:
            params: Mapping[str, Any] = event.get("params", {})
            match event.get("method"):
                case "Runtime.exceptionThrown":
                    found.append(str(params["exceptionDetails"].get("exception")))
                case "Log.entryAdded" if params["entry"]["level"] == "error":
                    found.append(params["entry"]["text"])
                case "Network.requestWillBeSent":
                    url = params["request"]["url"]
                    if not url.startswith(("file:", "about:")):
                        found.append(url)
        return found

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Saves what is seen, or the whole page, as PNG."""
        data = self.send("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))


_KEY_CODES = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "ArrowRight": 39, "Tab": 9}


def _high(descriptor: int) -> int:
    """The same under a number that is not among those which the browser expects."""
    found = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return found


@contextmanager
def browser(program: str) -> Iterator[Page]:
    """A browser with one page, and a profile that is thrown away."""
    to_read, out = map(_high, os.pipe())
    back, to_write = map(_high, os.pipe())
    with tempfile.TemporaryDirectory(prefix="gorewrite-chromium-") as profile:
        # The protocol is spoken on the descriptors 3 and 4.
        redirected = f'exec "$0" "$@" 3<&{to_read} 4>&{to_write}'
        arguments = [
            *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe"),
            f"--user-data-dir={profile}",
        ]
        process = subprocess.Popen(
            ["bash", "-c", redirected, program, *arguments],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        try:
            page = Page(out, back)
            page.attach()
            yield page
            page._session = None
            page.send("Browser.close")
            process.wait(timeout=20)
        finally:
            os.close(out)
            os.close(back)
            if process.poll() is None:
                process.kill()
                process.wait()
