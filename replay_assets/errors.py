"""The errors this project raises on purpose.

    ReplayAssetsError
    ├── ConfigurationError     settings, catalogue, vocabulary or mapping can't be used
    ├── SourceError            the incident database, or a file loaded into it, can't be used
    │   └── ReadOnlySourceError   the role may not write there
    ├── ContractError          a record does not have the form it must have
    │   └── UnknownVersionError
    ├── NotMaterializedError   a partition that something needs does not exist
    ├── LabelLeakError         a request carries what grades the answer
    ├── ResidualSecretError    sanitized text still trips a strict rule
    ├── SanitizingFailedError  the rules broke down over a text
    ├── ReplayStoppedError     a replay ended before each request had its result
    ├── JournalError           the journal of a replay is damaged or can't be written
    └── LockedError            another process works on the same partition

Every message names the thing, the value found and the way out. Anything else that is raised is a
bug or the machine's.
"""


class ReplayAssetsError(Exception):
    """Root of the errors that a user can act on."""


class ConfigurationError(ReplayAssetsError):
    """Settings, catalogue, vocabulary or schema mapping can't be used as written."""


class SourceError(ReplayAssetsError):
    """The incident database, or a file to be loaded into it, can't be used."""


class ReadOnlySourceError(SourceError):
    """The role that is connected may not write what was to be written."""


class ContractError(ReplayAssetsError):
    """A record does not have the form that its contract demands."""


class UnknownVersionError(ContractError):
    """A record carries a schema version that this release does not read."""


class NotMaterializedError(ReplayAssetsError):
    """A partition that is needed has not been materialised."""


class LabelLeakError(ReplayAssetsError):
    """A request would carry a label, an outcome or a grade to the model."""


class ResidualSecretError(ReplayAssetsError):
    """Text that should be sanitized still holds what a strict rule finds."""


class SanitizingFailedError(ReplayAssetsError):
    """The rules broke down over a text, which the message must not show."""


class ReplayStoppedError(ReplayAssetsError):
    """A replay ended before each request had its result; nothing was published."""


class JournalError(ReplayAssetsError):
    """The journal of a replay is damaged, or can't be written."""


class LockedError(ReplayAssetsError):
    """Another process works on the same partition."""
