"""Checks before text leaves: strict rules on its bytes, label leaks, keys and canaries."""
