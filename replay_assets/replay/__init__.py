"""Stage 3: send a pack to a candidate and store its answers as results; nothing is executed.

This stage reads packs only: it has no access to labels, evidence or the source database.
"""
