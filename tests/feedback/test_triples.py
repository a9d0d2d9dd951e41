"""Triples of recorded sessions and of files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.feedback import FeedbackTriple, OperatorFeedback
from replay_assets.errors import ConfigurationError
from replay_assets.feedback.cleaning import clean_triples, maps_of_incidents
from replay_assets.feedback.triples import read_triples, triples_of
from replay_assets.sanitizing import rules_of
from tests.feedback.judges import triple

LINE = {"id": "a", "query_t": "q", "answer_t": "a", "query_t1": "n"}


def session(*turns: tuple[str, str | None], name: str = "se-1") -> list[dict[str, Any]]:
    return [
        {
            "incident_id": "inc-1",
            "session_id": name,
            "position": position,
            "role": role,
            "content": content,
            "created_at": None,
        }
        for position, (role, content) in enumerate(turns)
    ]


def texts(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    found = triples_of(rows, {"se-1": "agent-v3"})
    return [(one.query_t, one.answer_t, one.query_t1) for one in found]


def test_the_answer_is_the_last_text_before_the_operator_writes_again():
    """What announces a call of a tool, and what tools return, is not the answer."""
    rows = session(
        ("user", "why?"),
        ("assistant", "let me look"),
        ("tool", "READY 0/1"),
        ("assistant", "<think>hm</think>the pool"),
        ("assistant", ""),
        ("user", "fixed"),
        ("user", "thanks"),
    )
    assert texts(rows) == [("why?", "the pool", "fixed\nthanks")]
    (found,) = triples_of(rows, {"se-1": "agent-v3"})
    assert (found.id, found.position, found.answered_by) == ("se-1:5", 5, "agent-v3")


def test_every_answer_with_a_next_message_gives_a_triple():
    """The next message is the question of the next one."""
    rows = session(
        ("system", "be brief"), ("user", "q1"), ("assistant", "a1"), ("user", "q2"),
        ("assistant", "a2"), ("user", "q3"), ("assistant", "a3"),
    )  # fmt: skip
    assert texts(rows) == [("q1", "a1", "q2"), ("q2", "a2", "q3")]


def test_what_is_not_an_exchange_gives_no_triple():
    """No question, no answer in text, or another session."""
    assert texts(session(("assistant", "hello"), ("user", "q"))) == []
    assert texts(session(("user", "q"), ("tool", "x"), ("assistant", None), ("user", "n"))) == []
    assert texts(session(("user", "q"), ("assistant", "a"))) == []
    parts = session(("user", "q"), ("assistant", "a")) + session(("user", "n"), name="se-2")
    assert texts(parts) == []


def write(folder: Path, *lines: object) -> Path:
    path = folder / "triples.jsonl"
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_in_its_order_and_other_fields_are_ignored(tmp_path: Path):
    """Blank lines and a byte order mark too."""
    path = write(
        tmp_path, "\ufeff" + json.dumps({**LINE, "label": "neutral"}), "", {**LINE, "id": "b"}
    )
    assert [one.id for one in read_triples(path.read_bytes(), "x", FeedbackTriple)] == ["a", "b"]


def test_every_bad_line_is_named(tmp_path: Path):
    """With what is wrong, and what a line must have."""
    path = write(tmp_path, LINE, "{", LINE, {"id": "c", "query_t": 1}, "[]")
    with pytest.raises(ConfigurationError) as caught:
        read_triples(path.read_bytes(), "standard input", FeedbackTriple)
    message = str(caught.value)
    for part in ("standard input, line 2: not JSON", "line 3: id 'a' is also in line 1",
                 "line 4: query_t", "answer_t: Field required", "line 5: expected an object",
                 "id, query_t, answer_t, query_t1"):  # fmt: skip
        assert part in message


def test_rows_of_one_incident_share_a_map():
    """Equal values have equal placeholders; another incident has its own numbers."""
    rows = [
        triple("a", "10.0.3.7 is slow", incident_id="i"),
        triple("b", "see 10.0.3.8", incident_id=None),
        triple("c", "10.0.3.8 and 10.0.3.7", incident_id="i"),
    ]
    found = clean_triples(rows, rules_of(None))
    assert [one.query_t1 for one in found] == [
        "<IP_PRIV_1> is slow",
        "see <IP_PRIV_1>",
        "<IP_PRIV_2> and <IP_PRIV_1>",
    ]
    assert [one.id for one in found] == ["a", "b", "c"]


def test_feedback_has_the_placeholders_of_the_incidents_pack():
    """The evidence comes first, so the same value has the same number in both."""
    row = {
        "id": "ev-1", "incident_id": "i", "alertname": "Slow", "labels": None, "severity": None,
        "evidence_summary": "10.0.3.7 calls 10.0.3.8", "evidence_kind": None,
        "collected_at": datetime(2026, 9, 21, tzinfo=UTC), "schema_version": "v1",
    }  # fmt: skip
    output = {**session(("tool", "from 10.0.3.9"))[0], "incident_id": "i", "tool_call_id": "c"}
    maps = maps_of_incidents([row], [output], rules_of(None))
    said = "10.0.4.4, then 10.0.3.9 and 10.0.3.8"
    (found,) = clean_triples([triple(said=said, incident_id="i")], rules_of(None), maps)
    assert found.query_t1 == "<IP_PRIV_4>, then <IP_PRIV_3> and <IP_PRIV_2>"


def test_a_password_that_a_later_text_names_is_masked_in_earlier_ones():
    """As within a pack."""
    secret = "hunter2-" + "blue-Tango9"
    rows = [
        triple("a", f"I used {secret}", incident_id="i"),
        triple("b", f"password={secret}", incident_id="i"),
    ]
    assert secret not in "".join(one.query_t1 for one in clean_triples(rows, rules_of(None)))


def test_the_table_row_and_the_line_have_the_same_names():
    """A row of `operator_feedback` is a triple."""
    assert set(FeedbackTriple.model_fields) <= set(OperatorFeedback.model_fields)
