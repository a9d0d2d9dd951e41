"""A route whose first member fails for a while, and what a route costs if it does not fail."""
