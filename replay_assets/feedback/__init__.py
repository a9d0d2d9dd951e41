"""Feedback: what an operator's next message says about an answer, as a label and a reward.

`triples.py` finds triples in recorded sessions and reads files of them, `cleaning.py` sanitizes
them. `model_judge.py` asks a model, with `prompts.py` and `answers.py`; `rules_judge.py` is the
built-in judge. `agreement.py` compares a judge with people, `publishing.py` makes the partitions.
"""
