"""Statistics: figures with intervals, computed from grades; one module per method.

The input is grades, the output figures: labels, answers and reports are not used here.
"""

from replay_assets.statistics.rates import rate_of

__all__ = ["rate_of"]
