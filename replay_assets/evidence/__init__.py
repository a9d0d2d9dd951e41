"""Stage 1: a day's snapshot of the source, validated; what can't be used goes to quarantine.

Raw text stays under the evidence root, labels under theirs. Nothing here is sanitized yet: that is
the request packs' first duty.
"""
