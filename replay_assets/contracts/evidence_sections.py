"""The sections of an incident's evidence: what a tool or a command printed, under its heading."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from replay_assets.contracts.record import Part, Record
from replay_assets.parsing.yaml_files import shipped_yaml

_CALL = re.compile(r'^--- ([A-Za-z_][\w.-]*)[ \t]*([{"(].*)?$', re.MULTILINE)
"""A heading that names a tool: `--- kubectl_describe {"kind": "pod"}`, `--- eks_pods`."""
_COMMAND = re.compile(r"^\$ (\S.*)$", re.MULTILINE)
_TITLE = re.compile(r"^(\w[\w ]{2,40}?)(?: \(.*\)| in .*)?:$", re.MULTILINE)
"""A heading that is a title: `Pod metrics (cpu % of limit):`."""
KUBECTL = "kubectl"
PROMPT = "$"
"""The tool of a command of another program behind a prompt; no tool can be called so."""


@dataclass(frozen=True)
class Section:
    """A section of evidence.

    Attributes:
        heading: the name of the tool, or the title.
        text: what is below the heading.
        tool: the tool that the heading calls; None if the heading is not a call.
        arguments: the arguments of that call.
    """

    heading: str
    text: str
    tool: str | None = None
    arguments: dict[str, Any] | None = None


class SectionAnswer(Part):
    """A section whose heading is not a call, and the reads that it answers."""

    heading: str
    verbs: tuple[str, ...]
    resource: str | None = None


class SectionTable(Record):
    """The table of `evidence_sections.yaml`."""

    VERSION: ClassVar[str] = "evidence_sections_v1"

    table: tuple[SectionAnswer, ...]
    names: tuple[str, ...]
    tolerated: frozenset[str]


def sections_of(evidence: str) -> list[Section]:
    """Return the sections of an evidence text, in order."""
    calls = list(_CALL.finditer(evidence))
    # What a tool printed may itself contain a prompt or a title.
    before = evidence[: calls[0].start()] if calls else evidence
    ends = [call.start() for call in calls[1:]] + [len(evidence)]
    called = [
        _called(call[1], call[2] or "", evidence[call.end() : end].strip("\n"))
        for call, end in zip(calls, ends, strict=False)
    ]
    return [*_prompted(before), *_titled(before), *called]


def _called(tool: str, written: str, text: str) -> Section:
    try:
        arguments = json.loads(written)
    except ValueError:  # nothing, a remark, or arguments that were cut
        return Section(tool, text)
    if isinstance(arguments, str):
        # A bare command.
        return Section(tool, text, tool, {"command": arguments})
    return (
        Section(tool, text, tool, arguments) if isinstance(arguments, dict) else Section(tool, text)
    )


def _prompted(evidence: str) -> Iterator[Section]:
    """Yield the commands behind a prompt, each with the lines up to a blank one or another."""
    for match in _COMMAND.finditer(evidence):
        lines = evidence[match.end() + 1 :].split("\n")
        end = next((at for at, one in enumerate(lines) if not one or one.startswith("$ ")), None)
        text = "\n".join(lines[:end])
        yield Section(match[1], text, _tool_of(match[1]), {"command": match[1]})


def _titled(evidence: str) -> Iterator[Section]:
    known = {one.heading for one in section_table().table}
    for match in _TITLE.finditer(evidence):
        if match[1] in known:
            yield Section(match[1], evidence[match.end() + 1 :].split("\n\n", 1)[0])


def _tool_of(command: str) -> str:
    return KUBECTL if command.split(" ", 1)[0] == KUBECTL else PROMPT


@cache
def section_table() -> SectionTable:
    """Return the table that comes with this package."""
    return SectionTable.read(shipped_yaml("replay_assets.contracts", "evidence_sections.yaml"))
