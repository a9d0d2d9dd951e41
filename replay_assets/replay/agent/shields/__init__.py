"""Shields: what looks at texts before a model reads them and after it wrote them.

`shield` has the interface and runs one shield; each other module has one of the shields.
"""
