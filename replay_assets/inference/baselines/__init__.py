"""Embedded candidates that answer without a model: a constant answer and a few rules.

They show what a score is worth. Nothing here pretends to be a language model.
"""
