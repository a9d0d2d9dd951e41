"""Finding secrets and personal data in text: finders, rules and the shipped data behind them.

A finder returns spans. `pseudonyms` replaces them; `gates` block text that still contains one.
"""
