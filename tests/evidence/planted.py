"""Rows that break readers, planted among good ones; each with its expected reasons.

Every case is a separate incident, named after the case, with a good neighbour collected at the same
time. SQLite accepts any value in any column; PostgreSQL has infinite times and JSON types instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from replay_assets.source.connection.database import IncidentDatabase
from tests.source.rows import execute

MARK = "RAW" + "-TEXT-OF-A-ROW"
"""In every planted text: if it is found outside of the quarantine, raw text has leaked."""
LIMIT = 100_000
"""Bytes of the longest text that the planted day accepts."""
Columns = Mapping[str, str]
"""SQL values by column."""
TABLES = ("incident_evidence", "agent_sessions", "auto_repair_executions", "session_messages")
EVIDENCE, SESSION, REPAIR, MESSAGE = TABLES

DDL = (
    """CREATE TABLE incident_evidence (id TEXT, incident_id TEXT, alertname TEXT, labels TEXT,
       severity TEXT, evidence_summary TEXT, evidence_kind TEXT, collected_at {instant},
       verification_result TEXT, schema_version TEXT, matched_playbook_id TEXT)""",
    """CREATE TABLE agent_sessions (id TEXT, incident_id TEXT, agent_role TEXT, model TEXT,
       output_json {json}, created_at {instant})""",
    """CREATE TABLE auto_repair_executions (id TEXT, incident_id TEXT, playbook_name TEXT,
       executed_steps {json}, success {boolean}, error TEXT, executor TEXT,
       created_at {instant})""",
    """CREATE TABLE session_messages (session_id TEXT, position {integer}, role TEXT, content TEXT,
       tool_calls {json}, tool_call_id TEXT, created_at {instant})""",
    "CREATE INDEX sessions_by_incident ON agent_sessions (incident_id)",
    "CREATE INDEX repairs_by_incident ON auto_repair_executions (incident_id)",
)
"""Tables without keys: two rows may have the same id."""
TYPES = {
    "sqlite": {"instant": "TEXT", "json": "TEXT", "boolean": "BOOLEAN", "integer": "INTEGER"},
    "postgresql": {
        "instant": "TIMESTAMPTZ",
        "json": "JSON",
        "boolean": "BOOLEAN",
        "integer": "BIGINT",
    },
}


def text(value: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def bytes_as_text(value: bytes) -> str:
    """Return SQLite's literal of a TEXT whose bytes may not be UTF-8."""
    return f"CAST(x'{value.hex()}' AS TEXT)"


@dataclass(frozen=True)
class Case:
    """A kind of row, the reasons it must get, and the databases in which it can exist.

    Attributes:
        name: the incident's id.
        reasons: of the quarantined rows of `table`; empty for a row that is kept.
        raw: the expected raw content in the quarantine, by column.
        rows: rows of each table, as changes of a good one.
        table: the table of the quarantined row.
    """

    name: str
    reasons: tuple[str, ...]
    raw: Mapping[str, object] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Columns]] = field(default_factory=dict)
    table: str = EVIDENCE

    @property
    def keeps_its_incident(self) -> bool:
        """Whether the evidence row is kept, because only a joined row is bad."""
        return not self.reasons or self.table != EVIDENCE


def evidence(name: str, reason: str, column: str, sql: str, raw: object) -> Case:
    """Return a case of evidence with one bad column."""
    rows = {EVIDENCE: [{column: sql}]}
    return Case(name, (f"{reason}:{column}",), {column: raw}, rows)


def session(name: str, reason: str, column: str, sql: str, raw: object) -> Case:
    """Return a case with a bad newest session: the incident is quarantined with it."""
    label = {"output_json": "coordinator_output", "created_at": "coordinator_at"}[column]
    rows = {SESSION: [{column: sql}]}
    return Case(name, (f"{reason}:{label}",), {label: raw}, rows)


def repair(name: str, reason: str, column: str, sql: str, raw: object) -> Case:
    """Return a case with a bad newest repair."""
    label = {
        "executed_steps": "repair_steps",
        "created_at": "repair_at",
        "success": "repair_success",
        "error": "repair_error",
    }[column]
    rows = {REPAIR: [{column: sql}]}
    return Case(name, (f"{reason}:{label}",), {label: raw}, rows)


def message(name: str, reason: str, column: str, sql: str, raw: object) -> Case:
    """Return a case with one bad message; its incident is kept."""
    rows: dict[str, Sequence[Columns]] = {
        SESSION: [{}],
        MESSAGE: [{}, {"position": "1", column: sql}],
    }
    return Case(name, (f"{reason}:{column}",), {column: raw}, rows, MESSAGE)


DEEP_OBJECT = '{"a": ' * 3000 + f'"{MARK}"' + "}" * 3000
DEEP_LIST = "[" * 3000 + f'"{MARK}"' + "]" * 3000
LONG = 2 * LIMIT
LONG_TEXT = {
    "sqlite": f"replace(hex(zeroblob({LONG // 2})), '0', 'x')",
    "postgresql": f"repeat('x', {LONG})",
}
LONG_JSON = {
    "sqlite": f"""'{{"a": "' || {LONG_TEXT["sqlite"]} || '"}}'""",
    "postgresql": f"""('{{"a": "' || {LONG_TEXT["postgresql"]} || '"}}')::json""",
}
NOT_READ = f"not read: {LONG} bytes"
LONG_JSON_BYTES = LONG + len('{"a": ""}')
HALF = r'{"a": "\ud83d ' + MARK + '"}'
ESCAPED_NUL = r'{"a": "\u0000 ' + MARK + '"}'
JSON_TEXTS = {
    "cut-off": ("invalid_json", '{"a": "' + MARK),
    "empty-text": ("invalid_json", ""),
    "not-a-number": ("invalid_json", f'{{"{MARK}": NaN}}'),
    "single-quotes": ("invalid_json", f"{{'a': '{MARK}'}}"),
    "two-documents": ("invalid_json", f'{{"a": "{MARK}"}} {{}}'),
    "byte-order-mark": ("invalid_json", f'\ufeff{{"a": "{MARK}"}}'),
    "list-for-object": ("wrong_json_type", f'["{MARK}"]'),
    "number-for-object": ("wrong_json_type", "17"),
    "text-for-object": ("wrong_json_type", f'"{MARK}"'),
    "deep": ("json_too_deep", DEEP_OBJECT),
    "deep-and-open": ("json_too_deep", "[" * 50_000 + MARK),
    "half-a-pair": ("lone_surrogate", HALF),
    "escaped-nul": ("nul_character", ESCAPED_NUL),
    "long-number": ("number_too_long", '{"a": ' + "7" * 5000 + f', "b": "{MARK}"}}'),
}
NO_TIMES = {
    "garbage": ("impossible_instant", f"'{MARK}'", MARK),
    "epoch": ("impossible_instant", "1790000000", "1790000000"),
    "julian": ("impossible_instant", "2461305.75", "2461305.75"),
    "month-13": ("impossible_instant", "'2026-13-01T00:00:00Z'", "2026-13-01T00:00:00Z"),
    "year-20000": ("impossible_instant", "'20000-01-01T00:00:00Z'", "20000-01-01T00:00:00Z"),
    "first-year": ("impossible_instant", "'0001-01-01T00:00:00Z'", "0001-01-01T00:00:00Z"),
    "infinity-text": ("impossible_instant", "'infinity'", "infinity"),
    "time-no-utf8": ("impossible_instant", bytes_as_text(b"2026\xff"), "2026\udcff"),
    "naive": ("no_time_zone", "'2026-09-21 07:00:00'", "2026-09-21 07:00:00"),
    "only-a-day": ("no_time_zone", "'2026-09-21'", "2026-09-21"),
}
IMPOSSIBLE_IN_POSTGRES = {
    "infinity": ("infinite_instant", "'infinity'", "infinity"),
    "minus-infinity": ("infinite_instant", "'-infinity'", "-infinity"),
    "year-20000-pg": ("impossible_instant", "'20000-01-01 00:00:00+00'", "20000-01-01 00:00:00+00"),
    "end-of-years": ("impossible_instant", "'294276-12-31+00'", "294276-12-31 00:00:00+00"),
    "before-christ": ("impossible_instant", "'0044-03-15+00 BC'", "0044-03-15 00:00:00+00 BC"),
}


def cases(dialect: str) -> list[Case]:
    """Return the kinds of rows that a database can contain."""
    long, long_json = LONG_TEXT[dialect], LONG_JSON[dialect]
    too_long = f"not read: {LONG_JSON_BYTES} bytes"
    found = [
        *(
            evidence(f"no-{name}", "null_in_required", name, "NULL", None)
            for name in ("id", "incident_id", "evidence_summary")
        ),
        *(
            evidence(f"labels-{name}", reason, "labels", text(value), value)
            for name, (reason, value) in JSON_TEXTS.items()
        ),
        evidence("long-summary", "oversize_text", "evidence_summary", long, NOT_READ),
        evidence("long-alertname", "oversize_text", "alertname", long, NOT_READ),
        evidence(
            "long-labels", "oversize_text", "labels", f"CAST({long_json} AS TEXT)", too_long
        ),
        Case("one-id", ("duplicate_id:id",), {"id": "twin"},
             {EVIDENCE: [{"id": "'twin'"}, {"id": "'twin'", "incident_id": "'one-id-too'"}]}),
        Case("one-id-without-incident", ("duplicate_id:id", "null_in_required:incident_id"),
             {"id": "twin-2"}, {EVIDENCE: [{"id": "'twin-2'", "incident_id": "NULL"}] * 2}),
        Case("no-ids", ("null_in_required:id",), {"id": None}, {EVIDENCE: [{"id": "NULL"}] * 2}),
        Case("all-reasons",
             ("invalid_json:labels", "null_in_required:evidence_summary",
              "oversize_text:alertname", "wrong_json_type:coordinator_output"),
             {"labels": "{", "coordinator_output": "[]", "alertname": NOT_READ},
             {EVIDENCE: [{"labels": "'{'", "evidence_summary": "NULL", "alertname": long}],
              SESSION: [{"output_json": "'[]'"}]}),
        session("session-list", "wrong_json_type", "output_json", f"'[\"{MARK}\"]'", f'["{MARK}"]'),
        session("session-half", "lone_surrogate", "output_json", text(HALF), HALF),
        session("session-nul", "nul_character", "output_json", text(ESCAPED_NUL), ESCAPED_NUL),
        session("session-deep", "json_too_deep", "output_json", text(DEEP_OBJECT), DEEP_OBJECT),
        session("session-long", "oversize_text", "output_json", long_json, too_long),
        Case("session-bad-and-newer", ("wrong_json_type:coordinator_output",),
             {"coordinator_output": "17", "coordinator_id": "newer"},
             {SESSION: [{}, {"id": "'newer'", "output_json": "'17'",
                             "created_at": "'2026-09-21T07:30:00.000000+00:00'"}]}),
        Case("session-no-id", ("null_in_required:coordinator_id",), {"coordinator_id": None},
             {SESSION: [{"id": "NULL"}]}),
        Case("repair-no-id", ("null_in_required:repair_id",), {"repair_id": None},
             {REPAIR: [{"id": "NULL", "executed_steps": "NULL"}]}),
        repair("steps-object", "wrong_json_type", "executed_steps", "'{}'", "{}"),
        repair("steps-deep", "json_too_deep", "executed_steps", text(DEEP_LIST), DEEP_LIST),
        repair("steps-long", "oversize_text", "executed_steps", long_json, too_long),
        repair("error-long", "oversize_text", "error", long, NOT_READ),
        Case("older-repair", ("wrong_json_type:executed_steps",), {"executed_steps": "{}"},
             {REPAIR: [{"id": "'r-older'", "executed_steps": "'{}'"},
                       {"id": "'r-newer'", "created_at": "'2026-09-21T08:30:00.000000+00:00'"}]},
             REPAIR),
        message("no-role", "null_in_required", "role", "NULL", None),
        message("no-position", "null_in_required", "position", "NULL", None),
        message("calls-object", "wrong_json_type", "tool_calls", "'{}'", "{}"),
        message("message-long", "oversize_text", "content", long, NOT_READ),
    ]  # fmt: skip
    found += _in_sqlite(long) if dialect == "sqlite" else _in_postgres()
    return found


def _in_sqlite(long: str) -> list[Case]:
    nul = f"'{MARK}' || char(0) || 'b'"
    not_utf8 = {
        "latin-1": b"caf\xe9",
        "cut-off": b"\xe7\xa3",
        "overlong": b"\xc0\x80",
        "surrogate": b"\xed\xa0\x80",
        "beyond-unicode": b"\xf5\x80\x80\x80",
    }
    return [
        evidence("nul", "nul_character", "evidence_summary", nul, f"{MARK}\0b"),
        evidence("nul-first", "nul_character", "alertname", "char(0) || 'b'", "\0b"),
        *(
            evidence(f"utf8-{name}", "invalid_utf8", "evidence_summary", bytes_as_text(value),
                     value.decode(errors="surrogateescape"))
            for name, value in not_utf8.items()
        ),
        evidence("blob", "invalid_utf8", "alertname", "x'00ff00fe'", "\0\udcff\0\udcfe"),
        evidence("id-no-utf8", "invalid_utf8", "id", bytes_as_text(b"ev-\xff"), "ev-\udcff"),
        Case("incident-no-utf8", ("invalid_utf8:incident_id",), {"incident_id": "i-\udcff"},
             {EVIDENCE: [{"incident_id": bytes_as_text(b"i-\xff"), "id": f"'no-utf8-{n}'"}
                         for n in (1, 2)]}),
        Case("ids-no-utf8", ("invalid_utf8:id",), {"id": "twin-\udcff"},
             {EVIDENCE: [{"id": bytes_as_text(b"twin-\xff")}] * 2}),
        session("session-cut-off", "invalid_json", "output_json", f"'{{\"a\": \"{MARK}'",
                f'{{"a": "{MARK}'),
        *(
            session(f"session-at-{name}", reason, "created_at", sql, raw)
            for name, (reason, sql, raw) in NO_TIMES.items()
        ),
        session("session-at-long", "oversize_text", "created_at", long, NOT_READ),
        *(
            repair(f"repair-at-{name}", reason, "created_at", sql, raw)
            for name, (reason, sql, raw) in NO_TIMES.items()
        ),
        repair("success-perhaps", "wrong_type", "success", f"'{MARK}'", MARK),
        repair("success-long", "oversize_text", "success", long, NOT_READ),
        message("position-text", "wrong_type", "position", f"'{MARK}'", MARK),
        message("position-long", "oversize_text", "position", long, NOT_READ),
        message("content-nul", "nul_character", "content", nul, f"{MARK}\0b"),
        message("content-no-utf8", "invalid_utf8", "content", bytes_as_text(b"\xff"), "\udcff"),
        message("message-at-garbage", "impossible_instant", "created_at", f"'{MARK}'", MARK),
    ]  # fmt: skip


def _in_postgres() -> list[Case]:
    return [
        *(
            session(f"session-at-{name}", reason, "created_at", sql, raw)
            for name, (reason, sql, raw) in IMPOSSIBLE_IN_POSTGRES.items()
        ),
        *(
            repair(f"repair-at-{name}", reason, "created_at", sql, raw)
            for name, (reason, sql, raw) in IMPOSSIBLE_IN_POSTGRES.items()
        ),
        message("message-at-infinity", "infinite_instant", "created_at", "'infinity'", "infinity"),
        repair(
            "steps-half", "lone_surrogate", "executed_steps", r"""'["\ud83d"]'""", r'["\ud83d"]'
        ),
    ]


KEPT: dict[str, tuple[str, str, object]] = {
    "forty-digits": ("labels", text('{"a": ' + "9" * 40 + "}"), '{"a": ' + "9" * 40 + "}"),
    "beyond-floats": ("labels", """'{"a": 1e400}'""", '{"a": 1e400}'),
    "one-key-twice": ("labels", """'{"a": 1, "a": 2}'""", '{"a": 1, "a": 2}'),
    "json-null": ("labels", "'null'", "null"),
    "json-spaces": ("labels", """' { "b" : 1,\n"a":[ ] } '""", ' { "b" : 1,\n"a":[ ] } '),
    "sql-null": ("labels", "NULL", None),
    "a-whole-pair": ("labels", r"""'{"a": "\ud83d\ude00"}'""", r'{"a": "\ud83d\ude00"}'),
    "nul-behind-a-backslash": ("labels", r"""'{"a": "\\u0000"}'""", r'{"a": "\\u0000"}'),
    "two-hundred-deep": (
        "labels",
        text('{"a":' * 200 + "1" + "}" * 200),
        '{"a":' * 200 + "1" + "}" * 200,
    ),
    "severity-unheard-of": ("severity", "'apocalyptic'", "apocalyptic"),
    "kind-unheard-of": ("evidence_kind", "'dream'", "dream"),
    "result-unheard-of": ("verification_result", "'perhaps'", "perhaps"),
    "summary-empty": ("evidence_summary", "''", ""),
    "summary-emoji": ("evidence_summary", "'磁碟 🔥\u2028 \ufffe'", "磁碟 🔥\u2028 \ufffe"),
    "summary-at-the-limit": ("evidence_summary", text("x" * LIMIT), "x" * LIMIT),
}
"""Rows that look odd but are valid: they are kept unchanged."""

GOOD: dict[str, dict[str, str]] = {
    EVIDENCE: {"evidence_summary": text(f"good {MARK}")},
    SESSION: {
        "agent_role": "'coordinator'",
        "output_json": f"""'{{"a": "{MARK}"}}'""",
        "created_at": "'2026-09-21T07:00:00.000000+00:00'",
    },
    REPAIR: {
        "playbook_name": text(MARK),
        "executed_steps": f"""'["{MARK}"]'""",
        "success": "'true'",
        "created_at": "'2026-09-21T08:00:00.000000+00:00'",
    },
    MESSAGE: {"position": "0", "role": "'user'", "content": text(MARK)},
}


def plant(database: IncidentDatabase) -> None:
    """Fill a database with a day of every kind of row that it can contain."""
    dialect = database.engine.dialect.name
    kept = [
        Case(name, (), rows={EVIDENCE: [{column: sql}]}) for name, (column, sql, _) in KEPT.items()
    ]
    statements = [statement.format(**TYPES[dialect]) for statement in DDL]
    for number, case in enumerate([*cases(dialect), *kept]):
        at = f"'2026-09-21T{number // 60:02d}:{number % 60:02d}:00.000000+00:00'"
        statements += _rows_of(case, at)
        neighbour = {"id": text(f"good-{case.name}"), "incident_id": text(f"good-{case.name}")}
        statements.append(_insert(EVIDENCE, {**GOOD[EVIDENCE], "collected_at": at, **neighbour}))
    execute(database, *statements)


def _rows_of(case: Case, at: str) -> list[str]:
    keys: dict[str, dict[str, str]] = {
        EVIDENCE: {"collected_at": at, "id": text(case.name), "incident_id": text(case.name)},
        SESSION: {"id": text(f"s-{case.name}"), "incident_id": text(case.name)},
        REPAIR: {"id": text(f"r-{case.name}"), "incident_id": text(case.name)},
        MESSAGE: {"session_id": text(f"s-{case.name}")},
    }
    rows: dict[str, Sequence[Columns]] = {EVIDENCE: [{}], **case.rows}
    return [
        _insert(table, {**GOOD[table], **keys[table], **changes})
        for table, some in rows.items()
        for changes in some
    ]


def _insert(table: str, row: Columns) -> str:
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(row.values())})"
