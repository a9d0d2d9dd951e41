"""How near a replay comes to an endpoint's own speed, and what it costs: `python -m` this."""
