"""Stage 3: a pack goes to a candidate, its answers come back as results; nothing is executed.

Only requests go in: this stage has no way to a label, to the evidence or to the source database.
"""
