"""The gate: may a candidate replace what runs today? Scores and a policy give a decision.

`sides.py` reads the scores of one side, `comparison.py` compares two sides on the same incidents,
`requirements.py` holds them against the policy, `review.py` decides. The methods are in
`statistics/`; the policy is a contract (`contracts/gate_policy.py`). Nothing here reads a file.
"""

from replay_assets.evaluation.gate.review import Review, review

__all__ = ["Review", "review"]
