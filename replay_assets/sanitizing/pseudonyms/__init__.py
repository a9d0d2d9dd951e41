"""Replaces found values: equal values of one incident get equal pseudonyms."""
