"""Browser: a headless Chromium with one page, driven over its DevTools protocol by a pipe: no network port."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from maps.errors import InputFault, QuanmaiError

NAMES = ("chromium", "chromium-browser", "google-chrome")
_MOVE = """
import os, sys
read, write = os.dup(int(sys.argv[1])), os.dup(int(sys.argv[2]))
read, write = os.dup(read), os.dup(write)
os.dup2(read, 3), os.dup2(write, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
_SILENT_S = 60.0


class BrowserFailed(QuanmaiError):
    """The browser ended, does not answer, or the page never came to what was waited for."""


def browser_command() -> str:
    """The browser's command. Raises InputFault without one."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None or sys.platform == "win32":
        where = "on Linux or macOS" if sys.platform == "win32" else f"(one of {', '.join(NAMES)} in PATH)"
        raise InputFault(f"a crew's phone is simulated by Chromium, which was not found; install it {where}")
    return found


class Browser:
    """One browser with one page of ``width`` × ``height`` CSS pixels. Raises InputFault and BrowserFailed."""

    def __init__(self, folder: Path, *, width: int = 360, height: int = 640, language: str = "en-US") -> None:
        command = browser_command()
        from_us, self._to = os.pipe()
        self._from, to_us = os.pipe()
        # The browser reads from descriptor 3 and writes to 4; moved there in a process between, past those two.
        self._process = subprocess.Popen(
            [
                sys.executable, "-c", _MOVE, str(from_us), str(to_us), command, "--headless", "--no-sandbox",
                "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                "--disable-component-update", "--no-first-run", f"--lang={language}", f"--user-data-dir={folder / 'profile'}",
            ],
            pass_fds=(from_us, to_us), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(from_us)
        os.close(to_us)
        self._last, self._rest, self._session = 0, b"", ""
        self.messages: list[str] = []
        """What the page wrote to its console, and errors of its scripts."""
        try:
            self._open(width, height, language)
        except BaseException:
            self.close()
            raise

    def _open(self, width: int, height: int, language: str) -> None:
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=True)
        self.send("Emulation.setUserAgentOverride", userAgent="test", acceptLanguage=language)

    def send(self, method: str, **params: Any) -> Any:
        """One command and its result."""
        self._last += 1
        about = {"id": self._last, "method": method, "params": params}
        if self._session:
            about["sessionId"] = self._session
        try:
            os.write(self._to, json.dumps(about).encode() + b"\0")
        except OSError as fault:
            raise BrowserFailed(f"the browser has ended: {fault}") from fault
        while True:
            told = self._read()
            if told.get("id") == self._last:
                if "error" in told:
                    raise BrowserFailed(f"{method}: {told['error']}")
                return told["result"]
            self._note(told)

    def goes(self, address: str) -> None:
        """Open an address."""
        self.send("Page.navigate", url=address)

    def value(self, expression: str) -> Any:
        """Value of an expression in the page; promises are awaited; None while the page changes."""
        told = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        return None if "exceptionDetails" in told else told["result"].get("value")

    def waits(self, expression: str, within_s: float = 30.0) -> None:
        """Until an expression is true in the page. Raises BrowserFailed with what the page shows."""
        until = time.monotonic() + within_s
        while not self.value(expression):
            if time.monotonic() >= until:
                shown = self.value("document.body.innerText")
                raise BrowserFailed(f"never true: {expression}; {shown!r}; {self.messages}")
            time.sleep(0.02)

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """A picture of the page."""
        told = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(told["data"]))

    def close(self) -> None:
        """End the browser."""
        os.close(self._to)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._from)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._from], [], [], _SILENT_S)[0]:
                raise BrowserFailed(f"the browser did not answer within {_SILENT_S:.0f} s")
            got = os.read(self._from, 1 << 20)
            if not got:
                raise BrowserFailed("the browser has ended")
            self._rest += got
        one, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(one)
        return told

    def _note(self, told: dict[str, Any]) -> None:
        match told.get("method"):
            case "Runtime.consoleAPICalled":
                self.messages.append(json.dumps(told["params"]["args"]))
            case "Runtime.exceptionThrown":
                self.messages.append(json.dumps(told["params"]["exceptionDetails"]))
