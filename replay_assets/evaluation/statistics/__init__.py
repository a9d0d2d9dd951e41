"""Statistics: numbers made of grades, with their intervals; one module per method.

Nothing here knows labels, answers or reports: grades go in, figures come out.
"""

from replay_assets.evaluation.statistics.rates import rate_of

__all__ = ["rate_of"]
