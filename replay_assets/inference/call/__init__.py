"""The records of one call: its attempts, its completion, and the errors that can end it.

Plain data that goes to the call store and comes back equal. Nothing here sends or stores anything.
"""
