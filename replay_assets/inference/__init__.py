"""Talking to a model: the catalogue of candidates, the client with its gate, limits, the stand-in.

`client` is the one module that holds an HTTP client and the one that retries.
"""
