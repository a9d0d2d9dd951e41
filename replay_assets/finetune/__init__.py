"""Stage 5: training files from incidents that went well, sanitized, with their manifest."""
