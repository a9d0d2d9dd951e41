"""The ways in which one call of a tool is written, and what a call would do.

The forms are data, `tool_forms.yaml`; replay compares calls by them. Whether a call changes
something is decided by the tool, or by the verb of a command that it takes.
"""

import re
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any, ClassVar

from pydantic import Field

from replay_assets.contracts.commands import shipped_commands
from replay_assets.contracts.record import Part, Record
from replay_assets.contracts.tools import Effect, shipped_tools
from replay_assets.parsing.yaml_files import shipped_yaml

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class ToolForm(Part):
    """A tool, as the read that it is.

    Attributes:
        verb: what is read; one verb for all tools that read the same.
        given: fields that the tool always has.
        about: whether resource and name say what events are about.
    """

    verb: str
    given: dict[str, str] = Field(default_factory=dict)
    about: bool = False


class ToolForms(Record):
    """All forms; see the comments in `tool_forms.yaml`."""

    VERSION: ClassVar[str] = "tool_forms_v1"

    kinds: dict[str, tuple[str, ...]]
    cluster_kinds: frozenset[str]
    fields: dict[str, tuple[str, ...]]
    options: dict[str, str]
    options_without_value: frozenset[str]
    defaults: dict[str, str]
    ignored: frozenset[str]
    commands: tuple[str, ...]
    kubectl: str
    tools: dict[str, ToolForm]
    changing_words: frozenset[str]
    sending_words: frozenset[str]

    @cached_property
    def kind_of(self) -> dict[str, str]:
        """The name of a kind of resource by each of its names."""
        other = {also: kind for kind, names in self.kinds.items() for also in names}
        return {**{kind: kind for kind in self.kinds}, **other}

    @cached_property
    def field_of(self) -> dict[str, str]:
        """The field by each name of a parameter or option that gives it."""
        return {also: name for name, others in self.fields.items() for also in (*others, name)}

    def command_of(self, tool: str, arguments: Mapping[str, Any]) -> str | None:
        """Return the command that a call takes; None if it takes none."""
        found = next((arguments[one] for one in self.commands if one in arguments), None)
        if isinstance(found, list) and all(isinstance(part, str) for part in found):
            found = " ".join(found)
        if not isinstance(found, str):
            return None
        line = found.strip()
        if tool == self.kubectl and line.split(" ", 1)[0] != self.kubectl:
            return f"{self.kubectl} {line}"
        return line

    def effect_of(self, tool: str, arguments: Mapping[str, Any]) -> Effect:
        """Return what a call would do: decided by its command if it has one, else by the tool."""
        if (defined := shipped_tools().by_name.get(tool)) is not None:
            return defined.effect
        if (command := self.command_of(tool, arguments)) is not None:
            return "read" if shipped_commands().only_reads(command) else "change"
        if tool in self.tools:
            return "read"
        words = {word.lower() for word in _WORD.findall(tool)}
        if not words.isdisjoint(self.changing_words):
            return "change"
        return "read" if words.isdisjoint(self.sending_words) else "send"


@cache
def shipped_forms() -> ToolForms:
    """Return the forms that come with this package."""
    return ToolForms.read(shipped_yaml("replay_assets.contracts", "tool_forms.yaml"))
