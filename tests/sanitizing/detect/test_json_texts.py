"""Which keys and texts of a body are searched: all that any JSON reader would return."""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from replay_assets.sanitizing.detect.json_texts import read_string, strings_in, texts_in

TEXTS = st.text(alphabet='aé密\\"\n\x00/u', max_size=6) | st.text(max_size=4)
HALVES = st.text(alphabet='a密\\"\ud83d\ude00', max_size=6)
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(value=VALUES, ascii_only=st.booleans())
def test_every_string_of_a_body_is_read_as_a_parser_reads_it(value: Any, ascii_only: bool) -> None:
    """In any escaping; NaN included."""
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert {read_string(one) for one in strings_in(raw)} == set(texts_in(json.loads(raw)))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(halves=st.lists(HALVES))
def test_half_a_surrogate_pair_that_is_spelled_out_is_read_as_python_does(
    halves: list[str],
) -> None:
    """JSON can contain it, but no file can; a value may be on either side of it."""
    raw = json.dumps(halves).encode()
    assert {read_string(one) for one in strings_in(raw)} == set(json.loads(raw))


def test_both_values_of_a_key_that_is_named_twice_are_read() -> None:
    """A reader keeps one of them, but both are sent."""
    raw = rb'{"a": "first \" \\", "a": {"b\\": "second"}}'
    assert list(map(read_string, strings_in(raw))) == ["a", 'first " \\', "b\\", "second"]


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b'{"a": "b}', b'{"a": 01}', b'{"a": "\\q"}', b'{} "x', b"{'a': 1}",
        b'{"a": "\xff\xff"}', b'{"a": "\xff\xfe"}', '{"a": "b"}'.encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_not_json_in_utf_8_is_rejected(raw: bytes) -> None:
    """It is unknown how its reader would interpret it."""
    with pytest.raises(ValueError):  # noqa: PT011 - raised by either of two parsers
        strings_in(raw)


def test_a_string_that_is_not_utf_8_is_rejected() -> None:
    """Its bytes would reach the model all the same."""
    for text in (b"\xc3(", b"\xed\xa0\x80", b"\\n\xed\xa0\x80"):
        with pytest.raises(UnicodeDecodeError):
            [read_string(one) for one in strings_in(b'{"a": "%b"}' % text)]
