"""The records that pass between stages: one module per kind of record, with its version and codes.

A stage never imports another stage; it reads the other's records from the lake, in the forms
defined here. JSON Schemas of all records are in `schemas/`. What does not belong here: how records
are stored (`lake/`) and how they are made (the stages).
"""
