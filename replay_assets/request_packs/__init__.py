"""Stage 2: from raw evidence to a day's request pack, sanitized and free of labels.

The pack is the only thing that a candidate sees. Its input type has no place for an outcome or a
label; what is left to chance is looked for once more before anything is written.
"""
