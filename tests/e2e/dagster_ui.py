"""A running Dagster UI and a headless Chromium to look at it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from tests.conftest import sigint_as_in_a_terminal
from tests.ports import free_port

STARTS_WITHIN_S = 120
CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=20000",
)
GROUPS = ("evidence", "request_packs", "replay", "evaluation", "finetune")


@contextmanager
def running_ui(home: Path, log: Path, **environment: str) -> Iterator[str]:
    """Start `replay-assets ui` on a home; yield its URL; end all its processes afterwards."""
    port = free_port()
    with log.open("w") as stream, sigint_as_in_a_terminal():
        # A separate session, so that one signal reaches all its processes and no other.
        process = subprocess.Popen(
            [sys.executable, "-m", "replay_assets", "ui", "--port", str(port)],
            env={**os.environ, "REPLAY_HOME": str(home), **environment},
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_up(url)
            yield url
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_until_up(url: str) -> None:
    """Return once the server answers."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/server_info", timeout=5):
                return
        except (URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def browse(url: str, *arguments: str) -> str:
    """Open a page; return what Chromium printed."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", *arguments, url],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    return done.stdout


def screenshot(url: str, target: Path, *, width: int, height: int, scale: float = 1) -> None:
    """Take a picture of a page."""
    browse(
        url,
        f"--window-size={width},{height}",
        f"--force-device-scale-factor={scale}",
        f"--screenshot={target}",
    )


def cut_out(picture: Path, target: Path, *, box: tuple[int, int, int, int], scale: float) -> None:
    """Write a part of a picture: left, top, width, height in its own pixels, then scaled."""
    left, top, width, height = box
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(
            f'<body style="margin:0;overflow:hidden"><img src="{picture.as_uri()}" '
            f'style="position:absolute;left:-{left}px;top:-{top}px;zoom:{scale}">'
        )
        size = {"width": round(width * scale), "height": round(height * scale)}
        screenshot(page.as_uri(), target, **size)


def text_of(url: str, *, width: int = 1600, height: int = 1200) -> str:
    """The document of a page once its scripts have run."""
    return browse(url, f"--window-size={width},{height}", "--dump-dom")


def lineage(url: str, *, group: str | None = None) -> str:
    """The address of the asset graph, or of one group, opened; without what is not scheduled."""
    opened = ",".join(f"global%40global%3A{name}" for name in GROUPS)
    shown = "not%20tag%3Ascheduled%3Dfalse"
    chosen = shown if group is None else f"group%3A{group}%20and%20{shown}"
    return f"{url}/asset-groups~{chosen}?expanded={opened}"
