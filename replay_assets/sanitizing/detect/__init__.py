"""Finding secrets and personal data in text: finders, rules and the shipped data behind them.

A finder returns spans; replacing them is done in `pseudonyms`, refusing them in `gates`.
"""
