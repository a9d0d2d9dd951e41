"""Loading files into a database: CSV, TSV and JSONL records, tables made, rows upserted."""
