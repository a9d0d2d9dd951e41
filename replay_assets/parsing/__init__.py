"""Reading text that others wrote: YAML files, ISO instants, JSON within prose.

The rules of form that every room must apply in the same way. What a value means, which records
there are and where files are stored is decided in higher rooms: nothing here knows a record.
"""
