"""The weekly report: figures of each candidate, a verdict, and the files that people read.

`summary.py` holds the figures, `verdict.py` the decision, `build.py` the whole report as a
partition, `render.py` its forms for people. Which days count is decided in `scored_days.py`.
"""

from replay_assets.evaluation.report.build import CODE_VERSION, build_report, report_publication
from replay_assets.evaluation.report.render import markdown_cell, one_line

__all__ = ["CODE_VERSION", "build_report", "markdown_cell", "one_line", "report_publication"]
