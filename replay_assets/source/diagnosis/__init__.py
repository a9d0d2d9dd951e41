"""What `doctor` examines: connection, rights, tables, indexes and time zones. Changes nothing."""
