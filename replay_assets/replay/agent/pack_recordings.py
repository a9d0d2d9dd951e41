"""The recorded calls of a pack: the lines of its `recorded_tool_output.jsonl`, by incident."""

import hashlib
import io
from collections import defaultdict

from pydantic import ValidationError

from replay_assets.contracts.record import describe
from replay_assets.contracts.recorded_call import RecordedCall
from replay_assets.errors import ContractError
from replay_assets.lake.formats import decode_line
from replay_assets.replay.pack_reading import PackSource


class PackRecordings:
    """The recorded calls of all incidents of a pack, kept as bytes until they are needed.

    Args:
        source: the file or its content.
        name: of the file, for messages.

    Raises:
        ContractError: a line is not a recorded call; the message names the line.
    """

    def __init__(self, source: PackSource, name: str) -> None:
        self._name = name
        self._lines: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
        sha256 = hashlib.sha256()
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                sha256.update(line)
                if line.strip():
                    incident_id = self._read(number, line).incident_id
                    self._lines[incident_id].append((number, line))
        self.sha256 = sha256.hexdigest()

    def of(self, incident_id: str) -> list[RecordedCall]:
        """Return the recorded calls of an incident, in their order."""
        return [self._read(number, line) for number, line in self._lines.get(incident_id, ())]

    def _read(self, number: int, line: bytes) -> RecordedCall:
        record = decode_line(line, self._name, number)
        try:
            return RecordedCall.model_validate(record)
        except ValidationError as error:
            raise ContractError(f"{self._name}, line {number}: {describe(error)}") from error
