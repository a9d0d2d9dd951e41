"""Simulated reviews: how often the gate is wrong, and how often it finds a real win."""
