"""The errors that this project raises.

    ReplayAssetsError
    ├── ConfigurationError     settings, catalogue, vocabulary or mapping can't be used
    │   └── TimeZoneError      a root has the days of another time zone
    ├── SourceError            the incident database, or a file loaded into it, can't be used
    │   ├── ReadOnlySourceError   the role may not write there
    │   └── InterruptedReadError  the server cancelled a read that may succeed if it is repeated
    ├── ContractError          a record does not have the form it must have
    │   └── UnknownVersionError
    ├── NotMaterializedError   a required partition does not exist
    ├── DamagedFileError       a published file is not as it was published
    ├── LabelLeakError         a request contains what grades its answer
    ├── ResidualSecretError    a strict rule still matches sanitized text
    ├── SanitizingFailedError  sanitizing a text raised an error
    ├── BatchStoppedError      a run ended before each request had its result
    │   └── BatchInterruptedError   because of a signal
    ├── JournalError           kept calls or the ledger are damaged or can't be written
    ├── LockedError            another process works on the same partition
    └── DiskFullError          a volume has no space left; an OSError too

Every message names the thing, the value found and the way out. Any other exception is a bug or a
fault of the machine.
"""

INTERRUPTED = "The process was interrupted."
CONTINUES = "Answers are kept: run the same again, and it continues."
"""The way out of everything that asks a model and ended early."""


class ReplayAssetsError(Exception):
    """Base class of the errors that a user can act on."""


class ConfigurationError(ReplayAssetsError):
    """Settings, catalogue, vocabulary or schema mapping can't be used as written."""


class TimeZoneError(ConfigurationError):
    """The days of a root are those of another time zone."""


class SourceError(ReplayAssetsError):
    """The incident database, or a file to be loaded into it, can't be used."""


class ReadOnlySourceError(SourceError):
    """The database role in use has no permission to write."""


class InterruptedReadError(SourceError):
    """The server cancelled a read because of other work; the same read may succeed later."""


class ContractError(ReplayAssetsError):
    """A record does not have the form that its contract requires."""


class UnknownVersionError(ContractError):
    """A record has a schema version that this release can't read."""


class NotMaterializedError(ReplayAssetsError):
    """A required partition was not materialized."""


class DamagedFileError(ReplayAssetsError):
    """A published file is gone, or has other bytes than its manifest says."""


class LabelLeakError(ReplayAssetsError):
    """A request would show a label, an outcome or a grade to the model."""


class ResidualSecretError(ReplayAssetsError):
    """A strict rule still matches text that was sanitized."""


class SanitizingFailedError(ReplayAssetsError):
    """Sanitizing a text raised an error; the message must not show the text."""


class BatchStoppedError(ReplayAssetsError):
    """A run ended before each request had its result; nothing was published."""


class BatchInterruptedError(BatchStoppedError):
    """A signal ended a run: the process must begin nothing else."""


class JournalError(ReplayAssetsError):
    """Kept calls, or the ledger of spending, are damaged or can't be written."""


class LockedError(ReplayAssetsError):
    """Another process is working on the same partition."""


class DiskFullError(ReplayAssetsError, OSError):
    """A file can't be written because its volume is full; the message names both."""
