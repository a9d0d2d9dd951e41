"""The records that pass between stages: one module a record kind, with its version and its codes.

A stage never imports another stage; it reads the other's records from the lake, in the forms
defined here. JSON Schemas of every record lie beside the modules in `schemas/`. How records are
stored is `lake`'s business, how they are made is the stages'.
"""
