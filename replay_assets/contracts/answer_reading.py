"""The fields of an answer: each is read into the form of the contract, or the answer is broken."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from replay_assets.contracts import answer as codes
from replay_assets.contracts.names import folded
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.errors import ReplayAssetsError

NOTHING: object = object()
"""No value is the cause of an error."""

Read = Callable[[str, Any, Vocabulary], Any]


class ContractBrokenError(ReplayAssetsError):
    """An answer breaks the contract.

    Attributes:
        code: the code of the first error; it is also the message.
        value: the value that is not allowed; it may hold a secret, so it is not in the message.
    """

    def __init__(self, code: str, value: object = NOTHING) -> None:
        super().__init__(code)
        self.code = code
        self.value = value


def read_answer(
    found: Mapping[str, Any], required: Sequence[str], vocabulary: Vocabulary
) -> dict[str, Any]:
    """Return an answer in contract form, its fields in the order required.

    Args:
        found: a JSON object.
        required: the fields that the request asks for.
        vocabulary: the categories and actions that may be named.

    Raises:
        ContractBrokenError: a field is missing or invalid.
    """
    if missing := [name for name in required if found.get(name) is None]:
        raise ContractBrokenError(f"{codes.MISSING_FIELDS}:{','.join(missing)}")
    return {
        name: READERS[name](name, found[name], vocabulary) if name in READERS else found[name]
        for name in required
    }


def _text(name: str, value: Any, _: Vocabulary) -> str:  # noqa: ANN401 - any JSON value
    if not isinstance(value, str) or not value.strip():
        raise ContractBrokenError(f"{codes.INVALID_TEXT}:{name}")
    return value.strip()


def _plan(_: str, value: Any, __: Vocabulary) -> list[str]:  # noqa: ANN401 - any JSON value
    # The original runner, too, reads a single text as a list of one.
    steps = [value] if isinstance(value, str) else value
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise ContractBrokenError(codes.PLAN_NOT_LIST)
    return [step.strip() for step in steps if step.strip()]


def _risk(_: str, value: Any, __: Vocabulary) -> str:  # noqa: ANN401 - any JSON value
    level = folded(value) if isinstance(value, str) and value not in codes.RISK_LEVELS else value
    if level not in codes.RISK_LEVELS:
        raise ContractBrokenError(codes.INVALID_RISK, value)
    return str(level)


def _boolean(name: str, value: Any, _: Vocabulary) -> bool:  # noqa: ANN401 - any JSON value
    """Return a boolean from a JSON boolean or the words true and false.

    Not by `bool`, because `bool("false")` is True. Other words for yes and no are read in recorded
    decisions only: the contract that a candidate is asked to keep does not have them.
    """
    if isinstance(value, bool):
        return value
    word = folded(value) if isinstance(value, str) else ""
    if word not in ("true", "false"):
        raise ContractBrokenError(f"{codes.INVALID_BOOLEAN}:{name}")
    return word == "true"


def _root_cause(name: str, value: Any, vocabulary: Vocabulary) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(value, dict):
        raise ContractBrokenError(f"{codes.INVALID_ROOT_CAUSE}:{name}")
    components = value.get("components")
    components = [components] if isinstance(components, str) else components
    if (
        not isinstance(components, list)
        or not 1 <= len(components) <= codes.MAX_COMPONENTS
        or not all(isinstance(one, str) and one.strip() for one in components)
    ):
        raise ContractBrokenError(f"{codes.INVALID_ROOT_CAUSE}:components")
    category = vocabulary.category_named(value.get("category"))
    if category is None:
        raise ContractBrokenError(codes.UNKNOWN_CATEGORY, value.get("category"))
    statement = value.get("statement")
    if not isinstance(statement, str) or len(statement) > codes.MAX_STATEMENT_CHARACTERS:
        raise ContractBrokenError(f"{codes.INVALID_ROOT_CAUSE}:statement")
    return {
        "components": [one.strip() for one in components],
        "category": category,
        "statement": statement.strip(),
    }


def _action(_: str, value: Any, vocabulary: Vocabulary) -> str:  # noqa: ANN401 - any JSON value
    action = vocabulary.action_named(value)
    if action is None:
        raise ContractBrokenError(codes.UNKNOWN_ACTION, value)
    return action


READERS: dict[str, Read] = {
    "proposed_action": _text,
    "action_plan": _plan,
    "risk_level": _risk,
    "requires_human_approval": _boolean,
    "blocked_by_policy": _boolean,
    "root_cause": _root_cause,
    "action_id": _action,
}
"""How each field is read; a field without an entry is taken as it is."""
