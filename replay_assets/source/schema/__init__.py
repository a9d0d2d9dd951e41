"""What the incident database looks like: tables, columns, types, the mapping file, its checks."""
