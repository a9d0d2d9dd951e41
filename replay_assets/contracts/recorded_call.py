"""A recorded call of a tool: a line of a pack's `recorded_tool_output.jsonl`."""

from typing import Any

from replay_assets.contracts.record import Part


class RecordedCall(Part):
    """What a tool returned in the recorded session, and the call that it answered.

    Attributes:
        incident_id: the incident.
        session_id: the recorded session.
        position: the position of the output in the session.
        tool_call_id: the id by which the session matched both.
        content: what the tool returned, sanitized.
        name: the tool; None in files of earlier releases, or if the call was not recorded.
        arguments: the arguments of the call, sanitized; text if they are not a JSON object.
    """

    incident_id: str
    session_id: str | None = None
    position: int | None = None
    tool_call_id: str | None = None
    content: str | None
    name: str | None = None
    arguments: dict[str, Any] | str | None = None
