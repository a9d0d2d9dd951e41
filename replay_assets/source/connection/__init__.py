"""One connection: the database, its session settings, portable expressions, instants.

Which tables and columns there are is described in `schema`; rows are read by `day`.
"""

from replay_assets.source.connection.database import IncidentDatabase, MappedTable
from replay_assets.source.connection.epochs import PostgresEpoch
from replay_assets.source.connection.instants import (
    FIRST_INSTANT,
    LAST_INSTANT,
    InstantColumn,
    PostgresInstant,
    SqliteInstant,
    number_of,
)
from replay_assets.source.connection.repeating import repeated
from replay_assets.source.connection.session_settings import (
    LENIENT_TEXT,
    NO_ENCODING,
    postgres_settings,
)
from replay_assets.source.connection.sqlite_functions import Form

__all__ = [
    "FIRST_INSTANT",
    "LAST_INSTANT",
    "LENIENT_TEXT",
    "NO_ENCODING",
    "Form",
    "IncidentDatabase",
    "InstantColumn",
    "MappedTable",
    "PostgresEpoch",
    "PostgresInstant",
    "SqliteInstant",
    "number_of",
    "postgres_settings",
    "repeated",
]
