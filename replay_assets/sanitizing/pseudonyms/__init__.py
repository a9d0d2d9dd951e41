"""Replacing what was found: equal values of one incident get equal pseudonyms."""
