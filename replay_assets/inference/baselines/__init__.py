"""Built-in candidates that answer without a model: a constant answer and a few rules.

Their scores are the yardstick for a model's. They do not imitate a language model.
"""
