"""The weekly report: figures of each candidate, a verdict, and the files that people read.

`summary.py` and `candidates.py` have the figures, `denominators.py` how requests ended, `build.py`
the whole report as a partition. `render.py` makes its forms for people from `templates/` and the
words of a language, `shown.py` says how figures are written. Which days count is decided in
`scored_days.py`, the verdict in `reviews.py`.
"""

from replay_assets.evaluation.report.build import (
    CODE_VERSION,
    Surroundings,
    build_report,
    report_publication,
    summary_markdown,
)
from replay_assets.evaluation.report.weekly import report_of_week

__all__ = [
    "CODE_VERSION",
    "Surroundings",
    "build_report",
    "report_of_week",
    "report_publication",
    "summary_markdown",
]
