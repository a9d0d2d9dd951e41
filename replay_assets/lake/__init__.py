"""Where records lie: addresses, atomic files, Parquet and JSONL, and the stores of a root.

Three roots share one layout because they deserve three kinds of trust: raw evidence, labels, and
the lake, in which everything is sanitized. Nothing here knows a stage.
"""
