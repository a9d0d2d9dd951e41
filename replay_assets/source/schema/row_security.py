"""Row security of PostgreSQL: which rows of a table the connected role can't see, and why.

Rows that a policy hides are not an error of the database: a table without a policy for the role
reads as empty. A view reads with the rights of its owner, unless it says `security_invoker`.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from replay_assets.errors import SourceError
from replay_assets.source.schema.physical import qualified
from replay_assets.source.schema.table_names import TableName

HIDDEN = sa.text(
    """
    WITH RECURSIVE read_as(relation, reader) AS (
        SELECT CAST(to_regclass(:table) AS oid), r.oid
        FROM pg_roles r WHERE r.rolname = current_user
        UNION
        SELECT d.refobjid, CASE
            WHEN v.reloptions && '{security_invoker=true,security_invoker=on,security_invoker=1}'
            THEN reader ELSE v.relowner END
        FROM read_as
        JOIN pg_class v ON v.oid = relation AND v.relkind = 'v'
        JOIN pg_rewrite w ON w.ev_class = v.oid
        JOIN pg_depend d ON d.classid = CAST('pg_rewrite' AS regclass) AND d.objid = w.oid
            AND d.refclassid = CAST('pg_class' AS regclass) AND d.refobjid <> v.oid
    ), policies AS (
        SELECT polrelid, reader, polname, polpermissive,
            coalesce(pg_get_expr(polqual, polrelid), 'true') = 'true' AS admits_all
        FROM pg_policy JOIN read_as ON relation = polrelid
        WHERE polcmd IN ('r', '*') AND EXISTS (
            SELECT FROM unnest(polroles) AS role
            WHERE role = 0 OR pg_has_role(reader, role, 'USAGE')
        )
    )
    SELECT CAST(CAST(c.oid AS regclass) AS text), r.rolname,
        EXISTS (SELECT FROM policies p
                WHERE p.polrelid = c.oid AND p.reader = r.oid AND polpermissive),
        ARRAY(SELECT polname::text FROM policies p
              WHERE p.polrelid = c.oid AND p.reader = r.oid AND NOT admits_all
                AND NOT (polpermissive AND EXISTS (
                    SELECT FROM policies q WHERE q.polrelid = c.oid AND q.reader = r.oid
                        AND q.polpermissive AND q.admits_all))
              ORDER BY 1)
    FROM read_as JOIN pg_class c ON c.oid = relation JOIN pg_roles r ON r.oid = reader
    WHERE c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls
        AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE'))
    ORDER BY 1
    """
)


@dataclass(frozen=True)
class RowSecurity:
    """Row security that is active when a table is read.

    Attributes:
        table: the table that has it: the one that is read, or one behind a view.
        role: whose policies apply: the connected role, or the owner of the view.
        admits: whether any policy lets the role see rows at all.
        narrowed_by: the policies that admit some rows only.
    """

    table: str
    role: str
    admits: bool
    narrowed_by: tuple[str, ...]

    @property
    def problem(self) -> str | None:
        """Why no row can be read; None if some can."""
        if self.admits:
            return None
        return (
            f"row security is active on {self.table}, and no policy lets role {self.role} see its "
            "rows: the table reads as empty"
        )

    def cure(self, connection: sa.Connection) -> str:
        """Return the statement that lets the role see all rows."""
        role = connection.dialect.identifier_preparer.quote(self.role)
        return f"CREATE POLICY replay_reads_all ON {self.table} FOR SELECT TO {role} USING (true);"


def row_security_of(connection: sa.Connection, table: TableName) -> list[RowSecurity]:
    """Return where row security is active when a table is read, by its real name."""
    if connection.dialect.name != "postgresql":
        return []
    rows = connection.execute(HIDDEN, {"table": qualified(connection, table)})
    return [RowSecurity(name, role, admits, tuple(by)) for name, role, admits, by in rows]


def refuse_hidden_rows(connection: sa.Connection, table: TableName) -> None:
    """Raise an error if row security hides all rows of a table.

    Raises:
        SourceError: a decision that is hidden would look like one that was never made.
    """
    for one in row_security_of(connection, table):
        if one.problem is not None:
            raise SourceError(f"{one.problem}. As its owner: {one.cure(connection)}")
