"""Asks the members of a route in order, each behind the circuit breaker of its endpoint."""
