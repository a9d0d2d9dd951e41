"""Finds texts that are the same, except for spelling, ids, or a part of their words.

Three stages, each for what the one before it misses: a hash of the normalised text, a hash of it
with ids and times masked, and MinHash over character 5-grams. They are implemented here, because
what is exported depends on them: a library's next release must not change which rows a model
learns. Characters, not words: Chinese has no blanks between words.
"""
