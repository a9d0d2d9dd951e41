"""Stage 1: a day's snapshot of the source, validated; rows that can't be used are quarantined.

Raw text stays under the evidence root, labels under the labels root. Nothing here is sanitized yet:
that is the first step of building a request pack.
"""
