"""Stage 2: from raw evidence to a day's request pack, sanitized and free of labels.

The pack is the only thing that a candidate sees. Its input type has no field for an outcome or a
label, and before anything is written the result is checked once more.
"""
