"""The tools of an investigation: their definitions, and what a call of one would do.

They are data, `tools.yaml`, because replay offers them and evaluation judges with them.
"""

from functools import cache, cached_property
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from replay_assets.contracts.record import Part, Record
from replay_assets.parsing.yaml_files import shipped_yaml

Effect = Literal["read", "change", "send"]
"""What a call would do in production: read, change a running system, send something to people."""
Schema = dict[str, Any]
"""The JSON Schema of a parameter."""


class Tool(Part):
    """A tool as tool-calling cases have it, and what an investigation adds.

    Attributes:
        name: the name, as a model calls it.
        effect: what a call would do in production.
        description: what the tool does, as a model reads it.
        parameters: the schema of each parameter.
        investigation: further parameters of investigations; one of the same name replaces it.
        required: the parameters that a call must have.
    """

    name: str
    effect: Effect
    description: str
    parameters: dict[str, Schema]
    investigation: dict[str, Schema] = Field(default_factory=dict)
    required: tuple[str, ...]

    @model_validator(mode="after")
    def _requires_its_own_parameters(self) -> Self:
        if unknown := sorted(set(self.required) - set(self.parameters)):
            raise ValueError(f"required: {', '.join(unknown)} is not among the parameters")
        return self

    def definition(self) -> dict[str, Any]:
        """Return the tool in OpenAI's function format, as tool-calling cases have it."""
        return self._defined(self.parameters)

    def offered(self, approval: "Approval") -> dict[str, Any]:
        """Return the tool in OpenAI's function format, as an investigation is offered it."""
        added = {approval.name: approval.parameter} if self.effect == "change" else {}
        return self._defined({**self.parameters, **self.investigation, **added})

    def _defined(self, properties: dict[str, Schema]) -> dict[str, Any]:
        parameters = {
            "type": "object",
            "properties": properties,
            "required": list(self.required),
        }
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": parameters,
        }
        return {"type": "function", "function": function}


class Approval(Part):
    """The optional argument by which a call asks for a person's approval."""

    name: str
    parameter: Schema


class ToolSet(Record):
    """The fixed set of tools."""

    VERSION: ClassVar[str] = "tool_rules_v1"

    tools: tuple[Tool, ...]
    approval: Approval

    @cached_property
    def by_name(self) -> dict[str, Tool]:
        """The tools by name."""
        return {tool.name: tool for tool in self.tools}

    def offered(self) -> tuple[dict[str, Any], ...]:
        """Return all tools as every investigation is offered them."""
        return tuple(tool.offered(self.approval) for tool in self.tools)


@cache
def shipped_tools() -> ToolSet:
    """Return the tools that come with this package."""
    return ToolSet.read(shipped_yaml("replay_assets.contracts", "tools.yaml"))
