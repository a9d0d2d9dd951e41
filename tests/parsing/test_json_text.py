"""JSON within text: whole values, broken ones, and strict parsing."""

import json
import time

import pytest

from replay_assets.parsing.json_text import (
    DEEPEST,
    OBJECTS_AND_LISTS,
    Broken,
    Value,
    is_too_deep,
    nests_too_deep,
    strict_json,
    values_in,
)


def test_objects_are_found_in_prose_and_fences() -> None:
    """Brackets in strings are part of the strings."""
    text = 'see {this}:\n```json\n{"a": "}{"}\n```\nand {"b": [{"c": 1}]}'
    found = list(values_in(text))
    assert [one.value for one in found if isinstance(one, Value)] == [
        {"a": "}{"},
        {"b": [{"c": 1}]},
    ]
    assert isinstance(found[1], Value)
    assert text[found[1].start : found[1].end] == '{"a": "}{"}'
    assert found[0] == Broken(start=4, stopped_at=5)


def test_lists_are_found_where_they_are_asked_for() -> None:
    """The lists of an object are part of it."""
    text = '[1] {"a": [2]} [3'
    assert [one.value for one in values_in(text) if isinstance(one, Value)] == [{"a": [2]}]
    found = list(values_in(text, OBJECTS_AND_LISTS))
    assert [one.value for one in found if isinstance(one, Value)] == [[1], {"a": [2]}]
    assert isinstance(found[-1], Broken)


def test_what_is_within_a_broken_value_is_found_and_the_break_is_named() -> None:
    """The caller decides whether half an answer counts."""
    broken, inner = values_in('{"a": {"b": 1},}')
    assert isinstance(broken, Broken)
    assert 14 <= broken.stopped_at <= 15  # the comma or the bracket, depending on Python
    assert inner == Value(6, 14, {"b": 1})


@pytest.mark.parametrize("text", ['{"a": ' + "9" * 5000 + "}", '{"a": "\x01"}'])
def test_what_python_cannot_parse_is_broken(text: str) -> None:
    """Integers of thousands of digits, control characters."""
    (broken,) = values_in(text)
    assert isinstance(broken, Broken)


def test_values_nested_too_deeply_are_marked() -> None:
    """A caller that goes on would parse each of thousands of levels again."""
    first = next(values_in('{"a":' * 100_000))
    assert first == Broken(0, 0, too_deep=True)


def test_many_values_take_linear_time() -> None:
    """Whole and broken ones: each is parsed once, and no lines are counted."""
    started = time.monotonic()
    assert len(list(values_in('{"a": [1, 2]} { ' * 50_000))) == 100_000
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[-Infinity]", "{", ""])
def test_strict_json_refuses_what_other_parsers_refuse(text: str) -> None:
    """Python's own parser reads NaN."""
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error, or ours
        strict_json(text)
    assert strict_json('{"a": 1.5}') == json.loads('{"a": 1.5}')


@pytest.mark.parametrize("opening", ["[", '{"a": '])
def test_the_depth_of_a_text_and_of_its_value_have_one_limit(opening: str) -> None:
    """Brackets in a string are not nesting."""
    closing = {"[": "]", '{"a": ': "}"}[opening]
    for levels, is_deep in ((DEEPEST, False), (DEEPEST + 1, True)):
        text = opening * levels + '"[[["' + closing * levels
        assert is_too_deep(text) is is_deep
        assert nests_too_deep(json.loads(text)) is is_deep
    text = "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)
    assert is_too_deep(text)
    assert nests_too_deep(json.loads(text))
