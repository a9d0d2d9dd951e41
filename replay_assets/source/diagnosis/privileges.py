"""What the connected role may do: it must read the source's tables, and should write no others."""

import os

import sqlalchemy as sa

from replay_assets.contracts.diagnosis import Diagnosis
from replay_assets.source.connection import IncidentDatabase
from replay_assets.source.schema import (
    FINETUNE_EXPORTS,
    TABLES,
    LogicalTable,
    qualified,
    row_security_of,
)

CHECK = "permissions"
SHOWN_TABLES = 5
WRITABLE = sa.text(
    """
    SELECT n.nspname, c.relname, c.oid = to_regclass(:log) AS is_log
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      AND has_schema_privilege(n.oid, 'USAGE')
      AND (has_any_column_privilege(c.oid, 'INSERT, UPDATE')
           OR has_table_privilege(c.oid, 'DELETE, TRUNCATE'))
    ORDER BY 1, 2
    """
)
CREATES = sa.text(
    "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' "
    "AND nspname <> 'information_schema' AND has_schema_privilege(oid, 'CREATE') ORDER BY 1"
)
UNREADABLE = sa.text(
    """
    SELECT has_any_column_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'),
        ARRAY(SELECT a.attname::text FROM pg_attribute a
              WHERE a.attrelid = c.oid AND NOT a.attisdropped
                AND (a.attname = ANY(:columns) OR a.attname = 'xmin')
                AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT')
              ORDER BY a.attnum)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = to_regclass(:table)
    """
)
"""`xmin` is among the columns, because reading notices changed rows by it."""
ROLE = sa.text("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")


def privilege_findings(connection: sa.Connection, database: IncidentDatabase) -> list[Diagnosis]:
    """Return what the role lacks, and what it has beyond need."""
    if connection.dialect.name != "postgresql":
        return [_file_finding(database)]
    quote = connection.dialect.identifier_preparer
    role, superuser = connection.execute(ROLE).one()
    tables = [qualified(connection, database.mapping.table(one)) for one in TABLES.values()]
    findings = [
        Diagnosis(
            CHECK,
            "fail",
            f"role {role} may not read {unreadable}",
            "grant it",
            f"GRANT SELECT ON {table} TO {quote.quote(role)};",
        )
        for logical, table in zip(TABLES.values(), tables, strict=True)
        if (unreadable := _unreadable(connection, database, logical, table))
    ]
    hidden = [] if findings else _hidden_rows(connection, database)
    if not findings and not hidden:
        findings.append(Diagnosis(CHECK, "ok", f"role {role} may read every table of the mapping"))
    findings += hidden
    if superuser:
        return [*findings, _superuser(role, tables)]
    return [*findings, *_writes(connection, database, role)]


def _unreadable(
    connection: sa.Connection, database: IncidentDatabase, logical: LogicalTable, table: str
) -> str | None:
    """Return what of a table the role may not read; None if it may, or if there is no table."""
    sources = (database.mapping.source_of(logical, one.name) for one in logical.columns)
    names = {one.column for one in sources if one} | database.mapping.entry(logical).where.keys()
    rows = connection.execute(UNREADABLE, {"table": table, "columns": sorted(names)})
    for may_read_some, columns in rows:
        if not may_read_some:
            return table
        if columns:
            return f"{', '.join(columns)} of {table}"
    return None


def _hidden_rows(connection: sa.Connection, database: IncidentDatabase) -> list[Diagnosis]:
    """Return the tables of which row security hides all rows, or may hide some."""
    findings = []
    for logical in TABLES.values():
        for one in row_security_of(connection, database.mapping.table(logical)):
            cure = "let the role see all rows, unless the hidden ones are not needed"
            if one.problem is not None:
                findings.append(Diagnosis(CHECK, "fail", one.problem, cure, one.cure(connection)))
            elif one.narrowed_by:
                says = (
                    f"row security is active on {one.table}: role {one.role} sees only the rows "
                    f"that policy {', '.join(one.narrowed_by)} admits"
                )
                findings.append(Diagnosis(CHECK, "warn", says, cure))
    return findings


def _writes(connection: sa.Connection, database: IncidentDatabase, role: str) -> list[Diagnosis]:
    quote = connection.dialect.identifier_preparer
    log = qualified(connection, database.mapping.table(FINETUNE_EXPORTS))
    rows = connection.execute(WRITABLE, {"log": log}).all()
    others = [f"{quote.quote(s)}.{quote.quote(name)}" for s, name, is_log in rows if not is_log]
    schemas = [quote.quote(name) for name in connection.execute(CREATES).scalars()]
    findings = []
    if others:
        more = f" and {len(others) - SHOWN_TABLES} more" if len(others) > SHOWN_TABLES else ""
        findings.append(
            Diagnosis(
                CHECK,
                "warn",
                f"role {role} may write to {', '.join(others[:SHOWN_TABLES])}{more}",
                "reading does not need this right: revoke it, or connect with a separate role",
                f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {', '.join(others)} "
                f"FROM {quote.quote(role)};",
            )
        )
    if schemas:
        findings.append(
            Diagnosis(
                CHECK,
                "warn",
                f"role {role} may create tables in {', '.join(schemas)}",
                f"only needed once, for {log}",
                f"REVOKE CREATE ON SCHEMA {', '.join(schemas)} FROM {quote.quote(role)};",
            )
        )
    if any(is_log for *_, is_log in rows):
        findings.append(Diagnosis(CHECK, "ok", f"exports are recorded in {log}"))
    elif not schemas:
        findings.append(
            Diagnosis(
                CHECK, "ok", f"{log} is not written: the record of an export stays in the lake"
            )
        )
    return findings


def _superuser(role: str, tables: list[str]) -> Diagnosis:
    return Diagnosis(
        CHECK,
        "warn",
        f"role {role} is a superuser and may write everything",
        "connect with a role that may only read",
        f"CREATE ROLE replay_reader LOGIN; GRANT SELECT ON {', '.join(tables)} TO replay_reader;",
    )


def _file_finding(database: IncidentDatabase) -> Diagnosis:
    if database.file is None or not os.access(database.file, os.W_OK):
        return Diagnosis(CHECK, "ok", "the file can be read, and not written")
    return Diagnosis(
        CHECK,
        "ok",
        "the file can be written, which is normal: SQLite knows no roles. Reading changes nothing; "
        "sqlite:///file:PATH?mode=ro&uri=true rules it out",
    )
