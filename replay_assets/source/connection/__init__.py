"""One connection: the database, its session settings, portable expressions, instants."""
