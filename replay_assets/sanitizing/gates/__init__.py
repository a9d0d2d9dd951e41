"""Refusing text that must not leave: strict search on bytes, held-out labels, keys and canaries."""
