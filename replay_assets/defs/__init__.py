"""The Dagster definitions, one module per stage: assets, checks, schedules and resources.

An asset's body reads its inputs, calls one function of its stage, and returns metadata. The logic
is in the stages' packages, which run without Dagster.
"""
