"""`${NAME:-default}` in values: which variable, which type, and what a wrong one is called."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from replay_assets.errors import ConfigurationError
from replay_assets.parsing.yaml_files import load_yaml
from replay_assets.parsing.yaml_variables import Variables

NONE: Mapping[str, str] = {}


def load(folder: Path, text: str, values: Mapping[str, str] = NONE) -> Any:
    path = folder / "some.yaml"
    path.write_text(text, encoding="utf-8")
    variables = Variables(values.get, lambda name, _, place: "no" if name == place[-1] else None)
    return load_yaml(path, dict[str, Any], what="file", variables=variables)


def refusal(folder: Path, text: str, values: Mapping[str, str] = NONE) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text, values)
    return str(caught.value).partition("some.yaml:")[2].strip()


@pytest.mark.parametrize(
    ("written", "values", "value"),
    [
        ("${A:-40}", {}, 40),
        ("${A:-40}", {"A": "7"}, 7),
        ("${A}", {"A": "7.5"}, 7.5),
        ("${A:-x}", {"A": "true"}, True),
        ("${A:-null}", {}, None),
        ("${A:-}", {}, None),
        ("'${A:-40}'", {}, "40"),
        ('"${A:-40}"', {"A": "7"}, "7"),
        ("!!str ${A:-b}", {"A": "x"}, "x"),
        ("http://${HOST:-localhost}:${PORT:-80}/v1", {"PORT": "99"}, "http://localhost:99/v1"),
        ("{b: ${A:-x, y}, c: [${B:-{}]}", {}, {"b": "x, y", "c": ["{"]}),
        ("${A:-x # y: z}", {}, "x # y: z"),
        ("${A:-x}", {"A": "a: {b: c}\n- d"}, "a: {b: c}\n- d"),
        ("${A:-x}", {"A": "${B}"}, "${B}"),
        ("$${A:-x} costs $5 or {5}", {}, "${A:-x} costs $5 or {5}"),
        ("1 # ${not read}", {}, 1),
        ("\ue0007\ue001", {}, "\ue0007\ue001"),
    ],
)
def test_a_value_is_from_a_variable_or_its_default(
    tmp_path: Path, written: str, values: dict[str, str], value: object
):
    """Without quotes it has the type that YAML gives it; it never adds keys or entries."""
    assert load(tmp_path, f"a: {written}\n", values) == {"a": value}


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("a: ${A}", {}, "line 1: a: A is not set and has no default; set it, or write ${A:-"),
        ("x: 1\na: ${A:?why}", {}, "line 2: a: not a variable; write ${NAME:-default}, or $${ "),
        ("a: ${A", {}, "line 1: a: not a variable"),
        ("a: ${A:-${B:-x}}", {}, "line 1: a: not a variable"),
        ("a:\n  ${A:-b}: 1", {}, "line 1: a: a variable can be in a value, not in a key"),
        ("x: 1\na: ${A:-1}", {"A": "010"}, "line 2: not valid YAML: a number that it reads as "),
        ("a: ${A:-2026-02-30}", {}, "line 1: not valid YAML: day is out of range for month (the "),
        ("b: &b ${a:-1}\na: *b", {}, "line 2: a: no"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, text: str, values: dict[str, str], message: str
):
    """With line, place and variable; the values themselves are not shown."""
    assert refusal(tmp_path, text + "\n", values).startswith(message)


def test_without_variables_it_is_plain_text(tmp_path: Path):
    """Other files of this project mean what they say."""
    path = tmp_path / "some.yaml"
    path.write_text("a: ${A:-b}\n")
    assert load_yaml(path, dict[str, Any], what="file") == {"a": "${A:-b}"}
