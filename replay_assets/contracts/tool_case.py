"""A case of the tool-calling benchmark (a request, tools, and the calls that are right)."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from replay_assets.contracts.record import Part, Record
from replay_assets.contracts.result import RouteChain, Usage

Match = Literal["all", "any", "none"]
Code = Literal[
    "malformed_arguments",
    "unknown_tool",
    "wrong_tool",
    "no_call",
    "missing_call",
    "superfluous_call",
    "call_not_needed",
    "missing_parameter",
    "unexpected_parameter",
    "wrong_type",
    "wrong_value",
]
"""Why an answer is wrong, in the order in which they are looked for."""


class ExpectedCall(Part):
    """A call that is right.

    Attributes:
        name: the tool.
        arguments: the accepted values of each parameter. `""` among them means that the parameter
            may be left out. Inside an object, each key again holds a list of accepted values.
        ignored_arguments: parameters that are not compared.
    """

    name: str
    arguments: dict[str, list[Any]]
    ignored_arguments: tuple[str, ...] = ()


class Expected(Part):
    """What is right: all of the calls, one of them, or none."""

    match: Match
    calls: tuple[ExpectedCall, ...] = ()

    @model_validator(mode="after")
    def _has_calls_unless_none_is_right(self) -> "Expected":
        if (self.match == "none") == bool(self.calls):
            raise ValueError(
                "calls: must be empty if match is none, and have a call if it is all or any"
            )
        return self


class ToolCase(Part):
    """One case; `source` and the like are kept for readers and not used.

    Attributes:
        id: the id, unique among all case files of a run.
        category: the group of cases under which it is reported.
        messages: the conversation before the answer, in OpenAI's form.
        tools: the tools at hand, in OpenAI's function format.
        expected: the calls that are right.
        language: `en` or `zh`; detected from the last message if None.
    """

    id: str = Field(min_length=1)
    category: str = Field(min_length=1)
    messages: list[dict[str, Any]] = Field(min_length=1)
    tools: list[dict[str, Any]]
    expected: Expected
    language: str | None = None
    source: str | None = None
    source_note: str | None = None
    license: str | None = None

    @model_validator(mode="after")
    def _expects_only_tools_at_hand(self) -> "ToolCase":
        names = [function_of(tool)["name"] for tool in self.tools]
        known = set(names)
        if len(names) > len(known):
            raise ValueError("tools: two functions have the same name")
        if unknown := sorted({call.name for call in self.expected.calls} - known):
            raise ValueError(f"expected: {', '.join(unknown)} is not among the tools")
        return self

    @property
    def functions(self) -> dict[str, Mapping[str, Any]]:
        """The function of each tool by its name."""
        return {function["name"]: function for function in map(function_of, self.tools)}


def function_of(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a tool's function.

    Raises:
        ValueError: the tool does not have OpenAI's function format.
    """
    function = tool.get("function")
    if tool.get("type") != "function" or not isinstance(function, Mapping):
        raise ValueError('tools: each must be {"type": "function", "function": {"name": …}}')
    if not isinstance(function.get("name"), str):
        raise ValueError("tools: a function has no name")
    return function


class ToolCall(Part):
    """A call as the model made it; `arguments` is None if they can't be read as a JSON object."""

    name: str
    arguments: dict[str, Any] | None


class ToolCallingResult(Record):
    """The result of one case for one candidate.

    Attributes:
        case_id: the case.
        candidate_id: the candidate.
        baseline: whether the candidate is a baseline, not a model.
        category: the case's category.
        language: the language of the request.
        outcome: as for a request of a pack: `answered`, `infrastructure_failure`, …;
            `tools_refused` if the endpoint does not take tools.
        calls: the calls that were made, in order.
        calls_in_text: how many of them were written into the text instead.
        right: whether they are the expected ones; None if there was no answer to grade.
        right_lenient: the same, if a number as text counts as a number.
        name_right: whether the names are; where no tool is right: whether there is no call.
        code: why the answer is wrong; None if it is right or was not graded.
        latency_ms: the time of the answer, in milliseconds.
        usage: the tokens that the endpoint reported.
        cost_usd: the cost, if the candidate has prices.
        error: why there is no answer.
        fallback_used: of a route only, whether another member than the first answered, or none did.
        chain: of a route only, its members in the order in which they were asked.
    """

    VERSION: ClassVar[str] = "tool_calling_result_v1"

    case_id: str
    candidate_id: str
    baseline: bool
    category: str
    language: str
    outcome: str
    calls: list[ToolCall]
    calls_in_text: int
    right: bool | None
    right_lenient: bool | None
    name_right: bool | None
    code: Code | None
    latency_ms: float | None
    usage: Usage | None
    cost_usd: float | None
    error: str | None = None
    fallback_used: Annotated[bool | None, Field(exclude_if=lambda one: one is None)] = None
    chain: RouteChain = None
