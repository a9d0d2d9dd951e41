"""Stage 5: training files from incidents with verified repairs, sanitized, with a manifest."""
