"""Makes the README's pictures from this project: `python -m tests.e2e.pictures`.

Runs the demo in a temporary home, opens the UI and the report in headless Chromium (Debian's
package), and writes to .github/pictures.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.e2e.dagster_ui import cut_out, lineage, running_ui, screenshot

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / ".github" / "pictures"
WEEK = "2026-09-28"
SHOWN = ("rules-baseline", "constant-baseline")


def main() -> None:
    """Write the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "data").mkdir()
        (home / "data" / "samples").symlink_to(ROOT / "data" / "samples")
        catalogue = home / "candidates.yaml"
        catalogue.write_text(
            "".join(
                f"- {{id: {name}, model: {name}, base_url: 'embedded://baselines/v1'}}\n"
                for name in SHOWN
            )
        )
        environment = {
            "REPLAY_HOME": str(home),
            "REPLAY_CANDIDATES": str(catalogue),
            "DAGSTER_HOME": str(home / "data" / "dagster_home"),
        }
        subprocess.run(
            [sys.executable, "-m", "replay_assets", "demo"],
            env={**os.environ, **environment},
            check=True,
        )
        with running_ui(home, home / "ui.log", **environment) as url:
            screenshot(lineage(url), home / "graph.png", width=4000, height=5600)
        graph = PICTURES / "asset-graph.png"
        cut_out(home / "graph.png", graph, box=(820, 530, 2910, 4710), scale=0.42)
        report = home / f"data/lake/files/evaluation_report/week={WEEK}/report.html"
        screenshot(report.as_uri(), PICTURES / "report.png", width=1180, height=1500, scale=0.8)


if __name__ == "__main__":
    main()
