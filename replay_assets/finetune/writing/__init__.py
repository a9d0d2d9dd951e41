"""Writes the rows of an export, row by row: files of each flavour, lineage, manifest, README."""
