"""The records of one call: its attempts, its completion, and the errors that can end it.

Plain data that is written to the call store and read back equal. Nothing here sends or stores it.
"""
