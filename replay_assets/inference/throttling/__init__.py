"""How fast an endpoint is asked: slots, requests and tokens per window, pauses, learned limits."""
