"""The records that pass between stages: one module per kind of record, with its version and codes.

A stage never imports another stage; it reads the other's records from the lake, in the forms
defined here. JSON Schemas of all records are in `schemas/`. How records are
stored is `lake`'s business, how they are made is the stages'.
"""
