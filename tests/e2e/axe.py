"""axe-core in headless Chromium: which rules of accessibility a page breaks."""

import json
import re
import subprocess
import time
from html import escape, unescape
from pathlib import Path
from typing import Any

from tests.e2e.dagster_ui import browse

PACKAGE = "axe-core@4.14.1"
TRIES, TRY_ENDS_WITHIN_S, PAUSE_S = 3, 240, 10
RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const out = document.createElement("pre");
  out.id = "axe-found";
  out.textContent = JSON.stringify({
    width: document.documentElement.scrollWidth, inner: window.innerWidth,
    height: document.documentElement.scrollHeight,
    requests: performance.getEntriesByType("resource").map(one => one.name),
    violations: found.violations.map(one => ({
      id: one.id, impact: one.impact, where: one.nodes.slice(0, 3).map(n => n.html.slice(0, 200)),
    })),
  });
  parent.document.body.appendChild(out);
});
"""

SIZE = """
addEventListener("load", () => {
  const out = document.createElement("pre");
  out.id = "size-found";
  const {scrollWidth: width, scrollHeight: height} = document.documentElement;
  out.textContent = JSON.stringify({width, height});
  parent.document.body.appendChild(out);
});
"""


def axe_script(folder: Path) -> str:
    """Return axe-core's script, from npm; tried again, because a registry may fail for a moment.

    Raises:
        RuntimeError: every try failed; the message has what npm wrote.
    """
    options = ["--loglevel=error", "--no-audit", "--no-fund", "--prefer-offline"]
    problem = ""
    for attempt in range(TRIES):
        time.sleep(PAUSE_S * attempt)
        target = folder / str(attempt)  # a new one: a try that was stopped leaves half a package
        command = ["npm", "install", *options, "--prefix", str(target), PACKAGE]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=TRY_ENDS_WITHIN_S)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            problem = f"{error}\n{(error.stderr or b'').decode()}"
        else:
            return (target / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    raise RuntimeError(
        f"{PACKAGE} could not be installed in {TRIES} tries: {problem}\nThe tests of accessibility "
        "need npm's registry: check the network, or name a mirror in NPM_CONFIG_REGISTRY."
    )


def framed(page: str, width: int, height: int = 2000) -> str:
    """Return a page that shows another one at a width; a window has at least 500 pixels."""
    size = f"border:0;width:{width}px;height:{height}px"
    return f'<body style="margin:0"><iframe style="{size}" srcdoc="{escape(page)}"></iframe>'


def examined(page: str, script: str, folder: Path, *, width: int, opened: bool) -> dict[str, Any]:
    """Return what axe found in a page at a width, and how wide its content is.

    Args:
        page: the page as HTML.
        script: axe-core's script.
        folder: for the page with the script in it.
        width: of the window in pixels.
        opened: open every folded part first.
    """
    unfold = "document.querySelectorAll('details').forEach(d => d.open = true);" if opened else ""
    scripts = f"<script>{script}</script><script>{unfold}{RUN}</script>"
    return _found(page + scripts, "axe-found", folder, width=width)


def size_of(page: str, folder: Path, *, width: int) -> dict[str, Any]:
    """Return the width and height of a page's content in a window of a width, in pixels."""
    return _found(f"{page}<script>{SIZE}</script>", "size-found", folder, width=width)


def _found(page: str, name: str, folder: Path, *, width: int) -> dict[str, Any]:
    """Return what the scripts of a page wrote into the element of a name."""
    path = folder / f"{name}-{width}.html"
    path.write_text(framed(page, width), "utf-8")
    dom = browse(path.as_uri(), "--window-size=1400,2000", "--dump-dom")
    found = re.search(rf'<pre id="{name}">(.*?)</pre>', dom, re.DOTALL)
    assert found, f"the page's script did not write {name}"
    result: dict[str, Any] = json.loads(unescape(found[1]))
    return result
