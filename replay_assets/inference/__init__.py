"""Talking to a model: the catalogue of candidates, the client, its limits and budget, the stand-in.

`http` is the one module that holds an HTTP client, `client` the one that retries.
"""
