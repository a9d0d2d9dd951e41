"""Reading text that others wrote: YAML files, ISO instants, JSON within prose.

Here live the rules of form, which every room must apply alike. What a value means, which records
there are and where files lie is decided above: nothing here knows a record.
"""
