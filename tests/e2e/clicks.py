"""A page in headless Chromium that a test clicks through, over Chromium's own protocol."""

import asyncio
import base64
import json
import re
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e.dagster_ui import CHROMIUM, FLAGS

APPEARS_WITHIN_S = 60
LOOKED_AT_EVERY_S = 0.5
ADDRESS = re.compile(r"DevTools listening on ws://([^/]+)/")
# Real time: a server's answers take some.
SWITCHES = [flag for flag in FLAGS if not flag.startswith("--virtual-time")]
# A link within a drawing has no innerText; a page that is loading has no body yet.
BUTTON = "[...document.querySelectorAll('button, a')].filter(one => !one.disabled && "
INPUT = "document.querySelector('input[placeholder*={placeholder}]')"
TEXT = "(document.body?.innerText ?? '')"


class Page:
    """A page; what a person would do, and what the person would read."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._calls = 0

    async def open(self, url: str) -> None:
        """Go to an address."""
        await self._call("Page.navigate", url=url)

    async def click(self, label: str) -> None:
        """Click the newest button whose label begins with a text, as soon as it is there."""
        found = f"{BUTTON}one.innerText?.trim().startsWith({json.dumps(label)})).pop()"
        await self._act(found, "one.click()", f"a button {label!r}")

    async def type_into(self, placeholder: str, text: str) -> None:
        """Replace the text of the field with a placeholder, and press Enter."""
        field = INPUT.format(placeholder=json.dumps(placeholder))
        await self._act(field, "one.focus(), one.select()", f"a field {placeholder!r}")
        await self._call("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            await self._call(
                "Input.dispatchKeyEvent",
                type=kind,
                key="Enter",
                code="Enter",
                windowsVirtualKeyCode=13,
            )

    async def shows(self, text: str) -> None:
        """Return once the page has a text."""
        await self._until(f"{TEXT}.includes({json.dumps(text)})", repr(text))

    async def run(self, code: str) -> Any:
        """Return the value of JavaScript; an error in it is an error of the test."""
        found = await self._call("Runtime.evaluate", expression=code, returnByValue=True)
        assert "exceptionDetails" not in found, f"{code}: {found['exceptionDetails']}"
        return found["result"].get("value")

    async def picture(self, target: Path) -> None:
        """Write what the window shows."""
        shot = await self._call("Page.captureScreenshot")
        target.write_bytes(base64.b64decode(shot["data"]))

    async def _act(self, element: str, action: str, what: str) -> None:
        """Find an element and act on it in one evaluation: the page may replace it at any time."""
        await self._until(f"(one => !!one && ({action}, true))({element})", what)

    async def _until(self, condition: str, what: str) -> None:
        deadline = time.monotonic() + APPEARS_WITHIN_S
        while not await self.run(condition):
            text = await self.run(TEXT)
            assert time.monotonic() < deadline, f"the page does not show {what}:\n{text}"
            await asyncio.sleep(LOOKED_AT_EVERY_S)

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._calls += 1
        await self._socket.send_json({"id": self._calls, "method": method, "params": params})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") == self._calls:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result


@asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """Start Chromium for the length of a block; yield its page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                str(CHROMIUM),
                *SWITCHES,
                "--window-size=1600,1100",
                "--remote-debugging-port=0",
                f"--user-data-dir={profile}",
                "about:blank",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            address = next(found[1] for line in process.stderr if (found := ADDRESS.search(line)))
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://{address}/json") as response:
                    tabs = await response.json()
                url = next(one["webSocketDebuggerUrl"] for one in tabs if one["type"] == "page")
                async with session.ws_connect(url, max_msg_size=0) as socket:
                    yield Page(socket)
        finally:
            process.terminate()
            process.communicate()
