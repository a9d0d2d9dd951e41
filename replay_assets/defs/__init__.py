"""Dagster objects only, one module a stage: what is materialised, checked, scheduled, configured.

Bodies read their inputs, call one function of the domain, and return metadata. The logic is one
import away, in a package that runs without Dagster.
"""
