"""Finished calls on the local disk: the journal of a run, and the cache across runs.

Knows calls and their keys only; what a call answers is known to whoever asked.
"""
