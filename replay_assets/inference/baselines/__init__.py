"""Built-in candidates that answer without a model: a constant answer and a few rules.

Their scores are the yardstick for a model's. They do not imitate a language model, and they inject
no faults: `stand_in` does.
"""

from replay_assets.inference.baselines.app import (
    BadRequestError,
    completion_of,
    completions_route,
    embedded_app,
    error_response,
    models_route,
)

__all__ = [
    "BadRequestError",
    "completion_of",
    "completions_route",
    "embedded_app",
    "error_response",
    "models_route",
]
