"""What was recorded of an incident, by what a call asks: outputs of calls, sections of evidence.

Of repeated recordings of one call the next in order is returned, after the last one the last again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.evidence_sections import KUBECTL, Section, SectionAnswer, section_table
from replay_assets.contracts.recorded_call import RecordedCall
from replay_assets.replay.agent.tools.normalising import Asked, asked, wildcards, without


@dataclass(frozen=True)
class _Entry:
    """The outputs of one call, and the fields that may have any value."""

    asked: Asked
    any_value: frozenset[str]
    texts: list[str]


class Recordings:
    """Recorded texts by what a call asks for, with a counter for each."""

    def __init__(self, recorded: Iterable[tuple[Asked, str]]) -> None:
        self._entries: dict[Asked, _Entry] = {}
        for found, text in recorded:
            entry = self._entries.setdefault(found, _Entry(found, wildcards(found), []))
            entry.texts.append(text)
        self._loose = [entry for entry in self._entries.values() if entry.any_value]
        self._returned: Counter[Asked] = Counter()

    def next(self, asked_for: Asked) -> str | None:
        """Return the next recorded text; None if the call was never recorded."""
        entry = self._entries.get(asked_for) or self._fitting(asked_for)
        if entry is None:
            return None
        at = self._returned[entry.asked]
        self._returned[entry.asked] += 1
        return entry.texts[min(at, len(entry.texts) - 1)]

    def _fitting(self, asked_for: Asked) -> _Entry | None:
        for entry in self._loose:
            if without(asked_for, entry.any_value) == without(entry.asked, entry.any_value):
                return entry
        return None


def recorded_calls(calls: Iterable[RecordedCall]) -> Recordings:
    """Return what tools returned in the recorded session."""
    return Recordings(
        (asked(name, arguments), call.content or "")
        for call in calls
        if (name := call.name) is not None and (arguments := arguments_of(call)) is not None
    )


def arguments_of(call: RecordedCall) -> Mapping[str, Any] | None:
    """Return the arguments of a recorded call; a bare command is taken for the one argument."""
    if isinstance(call.arguments, str):
        is_command = call.arguments.strip().split(" ", 1)[0] == KUBECTL
        return {"command": call.arguments} if is_command else None
    return call.arguments


def recorded_sections(sections: Sequence[Section]) -> Recordings:
    """Return the sections of the evidence whose heading is a call."""
    return Recordings(
        (asked(one.tool, one.arguments), one.text)
        for one in sections
        if one.tool is not None and one.arguments is not None
    )


def section_shown(sections: Sequence[Section], asked_for: Asked) -> str | None:
    """Return the sections that answer a read by the table of headings; None if there are none."""
    found = [
        section
        for section in sections
        if section.tool is None
        and any(_answers(row, section, dict(asked_for)) for row in section_table().table)
    ]
    return "\n\n".join(f"{one.heading}:\n{one.text}" for one in found) or None


def _answers(row: SectionAnswer, section: Section, fields: dict[str, str]) -> bool:
    table = section_table()
    if section.heading != row.heading or fields.get("verb") not in row.verbs:
        return False
    if row.resource is not None and fields.get("resource") != row.resource:
        return False
    names = [fields[name] for name in table.names if name in fields]
    known = {"verb", "resource", *table.names, *table.tolerated}
    return fields.keys() <= known and all(name in section.text for name in names)
