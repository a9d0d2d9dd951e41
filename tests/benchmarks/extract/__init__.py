"""The extraction stage against ceilings and against the original's way, on data made here."""
