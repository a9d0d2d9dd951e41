"""Case files are read line by line, and a wrong line is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from replay_assets.errors import ConfigurationError
from replay_assets.tool_calling.cases import language_of, read_cases

TOOL = {"type": "function", "function": {"name": "act", "parameters": {"type": "object"}}}
CASE: dict[str, Any] = {
    "id": "one",
    "category": "own",
    "messages": [{"role": "user", "content": "Do it."}],
    "tools": [TOOL],
    "expected": {"match": "all", "calls": [{"name": "act", "arguments": {}}]},
}


def written(folder: Path, *lines: str) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def line(**changes: Any) -> str:
    return json.dumps({**CASE, **changes}, ensure_ascii=False)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("{", "not valid JSON"),
        ("[1]", "valid dictionary"),
        (line(colour="red"), "colour"),
        (line(expected={"match": "none", "calls": [{"name": "act", "arguments": {}}]}), "calls"),
        (line(expected={"match": "all", "calls": []}), "calls"),
        (
            line(expected={"match": "all", "calls": [{"name": "a", "arguments": {}}]}),
            "a is not among the tools",
        ),
        (line(tools=[{"name": "act"}]), "tools"),
        (line(tools=[TOOL, TOOL]), "two functions"),
        (line(), "occurs twice"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, bad: str, why: str):
    """With its file, its number and the reason."""
    path = written(tmp_path, line(), "", bad)
    with pytest.raises(ConfigurationError, match=r"cases\.jsonl, line 3.*" + why):
        read_cases([path])


def test_a_file_that_is_missing_is_named(tmp_path: Path):
    """A wrong path is the most frequent mistake."""
    with pytest.raises(ConfigurationError, match=r"none\.jsonl.*name a JSONL file"):
        read_cases([tmp_path / "none.jsonl"])


def test_a_line_ends_at_a_line_feed_only(tmp_path: Path):
    """Texts may contain other characters that end a line."""
    text = "Do it.\u2028Now.\x85"
    path = written(tmp_path, line(messages=[{"role": "user", "content": text}]))
    assert read_cases([path])[0].messages[0]["content"] == text


def test_the_language_is_detected_unless_the_case_has_one(tmp_path: Path):
    """By Chinese characters in the last message."""
    chinese = [{"role": "user", "content": "請重新啟動 api"}]
    path = written(
        tmp_path,
        line(),
        line(id="two", messages=chinese),
        line(id="three", messages=chinese, language="en"),
    )
    assert [language_of(case) for case in read_cases([path])] == ["en", "zh", "en"]
