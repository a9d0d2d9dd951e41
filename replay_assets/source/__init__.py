"""The incident database: every SQL statement, the schema mapping, loading, and the export log.

SQLite and PostgreSQL through SQLAlchemy. Rows leave as plain values under the logical names of
`tables`; judging them is the evidence stage's business.
"""
