"""A whole table written and digested at once, for tests that compare."""

import io

import pyarrow as pa

from replay_assets.lake.tables import TableDigest, TableWriter


def encode_table(table: pa.Table) -> bytes:
    """Return a table as the bytes of its Parquet file."""
    stream = io.BytesIO()
    writer = TableWriter(stream, table.schema)
    writer.write(table)
    writer.close()
    return stream.getvalue()


def table_digest(table: pa.Table) -> str:
    """Return the digest of a table's rows."""
    digest = TableDigest(table.schema)
    digest.update(table)
    return digest.hexdigest()
