"""Reading one day in one snapshot: statements, streams, batches and labels."""
