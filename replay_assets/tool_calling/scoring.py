"""Compare the calls of an answer with those that are expected: by name, parameters and types.

Names of tools and parameters are compared exactly; how values are compared is in `comparing.py`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replay_assets.contracts.tool_case import Code, ExpectedCall, ToolCall, ToolCase
from replay_assets.tool_calling.comparing import (
    ValueComparison,
    has_type,
    is_of_kubernetes,
    may_be_left_out,
)

_OF_A_CALL: tuple[Code | None, ...] = (
    "missing_parameter",
    "unexpected_parameter",
    "wrong_type",
    "wrong_value",
    None,
)
"""The codes of one call, from the first that is looked for to the smallest error; None: right."""


@dataclass(frozen=True)
class Score:
    """Whether an answer is right, whether its names are, and the first code if it is not."""

    right: bool
    right_lenient: bool
    name_right: bool
    code: Code | None


def score_calls(case: ToolCase, calls: Sequence[ToolCall]) -> Score:
    """Return the score of the calls of one answer, in any order."""
    code = _code(case, calls, lenient=False)
    lenient = code is None or _code(case, calls, lenient=True) is None
    return Score(code is None, lenient, _code_of_names(case, calls) is None, code)


def _code(case: ToolCase, calls: Sequence[ToolCall], *, lenient: bool) -> Code | None:
    """Return the first code that applies; None if the calls are right."""
    if any(call.arguments is None for call in calls):
        return "malformed_arguments"
    if any(call.name not in case.functions for call in calls):
        return "unknown_tool"
    code = _code_of_names(case, calls)
    if code is not None or not calls:
        return code
    found = [
        [_compared(case, call, one, lenient=lenient) for one in case.expected.calls]
        for call in calls
    ]
    if case.expected.match == "any":
        return _OF_A_CALL[max(found[0])]
    return _OF_A_CALL[_best_pairing(found)]


def _code_of_names(case: ToolCase, calls: Sequence[ToolCall]) -> Code | None:
    """Return the first code that the names and the number of the calls give."""
    if case.expected.match == "none":
        return "call_not_needed" if calls else None
    accepted = [call.name for call in case.expected.calls]
    made = Counter(call.name for call in calls)
    if case.expected.match == "any":
        is_missing = made.keys().isdisjoint(accepted)
        is_superfluous = len(calls) > 1
    else:
        is_missing = bool(Counter(accepted) - made)
        is_superfluous = bool(made - Counter(accepted))
    # A call of another tool next to all that are expected is one too many, not a wrong choice.
    if is_missing and not made.keys() <= set(accepted):
        return "wrong_tool"
    if not calls:
        return "no_call"
    if is_missing:
        return "missing_call"
    return "superfluous_call" if is_superfluous else None


def _best_pairing(found: Sequence[Sequence[int]]) -> int:
    """Return the smallest error with which each call has an expected call for itself.

    Args:
        found: for each call, the index in `_OF_A_CALL` of its error against each expected call; -1
            if that is a call of another tool.
    """
    for least in reversed(range(len(_OF_A_CALL))):
        if _can_pair([[index >= least for index in row] for row in found]):
            return least
    return 0


def _can_pair(fits: Sequence[Sequence[bool]]) -> bool:
    """Return whether each row can have a column for itself (a bipartite matching, by Kuhn)."""
    row_of: dict[int, int] = {}

    def place(row: int, tried: set[int]) -> bool:
        for column, is_fit in enumerate(fits[row]):
            if is_fit and column not in tried:
                tried.add(column)
                if column not in row_of or place(row_of[column], tried):
                    row_of[column] = row
                    return True
        return False

    return all(place(row, set()) for row in range(len(fits)))


def _compared(case: ToolCase, call: ToolCall, expected: ExpectedCall, *, lenient: bool) -> int:
    """Return the index in `_OF_A_CALL` of a call's first error; -1 if it calls another tool."""
    if call.name != expected.name:
        return -1
    ignored = expected.ignored_arguments
    given = {key: one for key, one in (call.arguments or {}).items() if key not in ignored}
    accepted = {key: one for key, one in expected.arguments.items() if key not in ignored}
    if any(key not in given and not may_be_left_out(one) for key, one in accepted.items()):
        return 0
    if not given.keys() <= accepted.keys():
        return 1
    function = case.functions[call.name]
    how = ValueComparison(lenient=lenient, of_kubernetes=is_of_kubernetes(function))
    schema = (function.get("parameters") or {}).get("properties") or {}
    return min(
        (
            _error_of_value(one, accepted[key], schema.get(key), how.named(key))
            for key, one in given.items()
        ),
        default=4,
    )


def _error_of_value(
    value: Any,  # noqa: ANN401 - any JSON value
    accepted: Sequence[Any],
    schema: Mapping[str, Any] | None,
    how: ValueComparison,
) -> int:
    """Return the index in `_OF_A_CALL` of the error of one argument."""
    # Some models write null for what they leave out.
    if value is None and may_be_left_out(accepted):
        return 4
    if how.accepts(value, accepted):
        return 4
    return 3 if has_type(value, schema) else 2
