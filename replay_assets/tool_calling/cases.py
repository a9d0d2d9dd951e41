"""Reads case files: the shipped one, and those of a team."""

import json
from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import ValidationError

from replay_assets.contracts.record import describe
from replay_assets.contracts.tool_case import ToolCase
from replay_assets.errors import ConfigurationError

CaseFile = Path | Traversable


def shipped_cases() -> CaseFile:
    """Return the case file that comes with this package."""
    return files("replay_assets.tool_calling") / "cases.jsonl"


def read_cases(paths: Iterable[CaseFile]) -> list[ToolCase]:
    """Return the cases of files, in their order.

    Raises:
        ConfigurationError: a file can't be read, a line is not a case, or an id occurs twice; the
            message names file and line.
    """
    cases: dict[str, ToolCase] = {}
    for path in paths:
        for number, line in _lines(path):
            case = _case(line, f"{path}, line {number}")
            if case.id in cases:
                raise ConfigurationError(
                    f"{path}, line {number}: the id {case.id!r} occurs twice; use another one"
                )
            cases[case.id] = case
    return list(cases.values())


def language_of(case: ToolCase) -> str:
    """Return the language of a case: `zh` if its last message has Chinese characters, else `en`."""
    if case.language is not None:
        return case.language
    text = str(case.messages[-1].get("content") or "")
    return "zh" if any("\u4e00" <= one <= "\u9fff" for one in text) else "en"


def _lines(path: CaseFile) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"case file {path}: {error}; name a JSONL file of cases, saved as UTF-8"
        ) from error
    # Not `splitlines`: a text may contain other characters that end a line.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def _case(line: str, where: str) -> ToolCase:
    try:
        return ToolCase.model_validate(json.loads(line))
    except ValidationError as error:
        raise ConfigurationError(f"{where}: {describe(error)}") from error
    except ValueError as error:
        raise ConfigurationError(f"{where}: not valid JSON: {error}") from error
