"""Packs of real incidents repeat no label; label text that was pasted into one is found."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.label import LABEL_VERSION, IncidentLabel
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.label_leak_check import Provenance, trace_labels
from replay_assets.evaluation.masked_labels import labels_under_the_map
from replay_assets.request_packs.builder import build_pack
from replay_assets.sanitizing.detect.rules import shipped
from tests.evaluation.records import label
from tests.request_packs.rows import Row, evidence_row, tool_message

CAUSE = "The cache of web outgrows its memory limit."


def traced(
    row: Row, truth: IncidentLabel, vocabulary: Vocabulary, *, pasted: str = "", tool: str = "x"
) -> Provenance:
    """Search for a label in the pack of one incident, into which a text was pasted."""
    messages = [tool_message("all well")]
    pack = build_pack([row], messages, day="2026-09-21", vocabulary=vocabulary)
    request = pack.requests[0].as_json()
    request["user_prompt"] += pasted
    output = [{**one, "content": tool} for one in pack.tool_output]
    labels = {"inc-1": truth}
    masked = labels_under_the_map(labels, [row], messages, shipped())
    return trace_labels([request], output, labels, masked, evidence=[row], messages=messages)


@pytest.mark.parametrize(
    "pasted",
    [CAUSE, CAUSE.upper(), CAUSE.replace(" ", "  "), "Cause: the cache of web outgrows its memory "
     "limit (seen twice)"],
    ids=["as_it_is", "upper_case", "blanks", "in_a_sentence"],
)  # fmt: skip
def test_a_cause_that_was_pasted_is_found_with_its_place(
    pasted: str, vocabulary: Vocabulary
) -> None:
    """And the finding does not repeat the text."""
    found = traced(evidence_row(), label(expected_root_cause=CAUSE), vocabulary, pasted=pasted)
    assert found.status == "found"
    assert found.findings == {"inc-1": ["label_value:expected_root_cause at $.user_prompt"]}


def test_tool_output_is_searched_too(vocabulary: Vocabulary) -> None:
    """The replay of an agent reads it."""
    found = traced(evidence_row(), label(expected_root_cause=CAUSE), vocabulary, tool=CAUSE)
    (places,) = found.findings.values()
    assert places == ["label_value:expected_root_cause at $.tool_output[0].content"]


@pytest.mark.parametrize(
    "changes",
    [
        {"root_cause_category": "memory_exhaustion"},
        {"acceptable_actions": ["increase_resource_limits"]},
        {"evidence_sufficiency": "sufficient evidence"},
        {"root_cause_component": "web"},
    ],
    ids=["category", "action", "sufficiency", "nine_characters"],
)
def test_words_of_closed_vocabularies_and_short_words_are_not_leaks(
    changes: dict[str, Any], vocabulary: Vocabulary
) -> None:
    """Otherwise 108 of the 145 real incidents would be reported."""
    (value,) = changes.values()
    pasted = str(value)
    found = traced(evidence_row(), label(**changes), vocabulary, pasted=f"\n{pasted}")
    assert found.findings == {}
    assert found.status == "passed"


def test_text_that_is_in_the_evidence_is_not_a_leak(vocabulary: Vocabulary) -> None:
    """In any case and with any punctuation."""
    row = evidence_row(evidence_summary="log: the CACHE of web outgrows its memory-limit")
    found = traced(row, label(expected_root_cause=CAUSE), vocabulary, pasted=CAUSE)
    assert found.findings == {}


def test_without_a_label_nothing_was_compared(vocabulary: Vocabulary) -> None:
    """An empty day passes: it has nothing to compare."""
    other = label(incident_id="inc-9")
    pack = build_pack([evidence_row()], [], day="2026-09-21", vocabulary=vocabulary)
    request = pack.requests[0].as_json()
    arguments: dict[str, Any] = {"evidence": [evidence_row()], "messages": []}
    labels = {"inc-9": other}
    assert trace_labels([request], [], labels, labels, **arguments).status == "not run"
    assert trace_labels([request], [], {}, {}, **arguments).status == "not run"
    assert trace_labels([], [], {}, {}, **arguments).status == "passed"


def test_no_pack_of_a_real_incident_repeats_its_label(
    real_data: Path, vocabulary: Vocabulary
) -> None:
    """All 145 incidents are labelled."""

    def records(name: str) -> list[dict[str, Any]]:
        text = (real_data / f"{name}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    rows = [
        {
            **row,
            "labels": json.dumps(row["labels"], ensure_ascii=False),
            "collected_at": datetime.fromisoformat(row["collected_at"]),
        }
        for row in records("incident_evidence")
    ]
    fields = set(IncidentLabel.model_fields) - {"schema_version"}
    labels = {
        one["incident_id"]: IncidentLabel.read(
            {"schema_version": LABEL_VERSION, **{name: one.get(name) for name in fields}}
        )
        for one in records("labels")
    }
    pack = build_pack(rows, [], day="2026-09-21", vocabulary=vocabulary)
    found = trace_labels(
        [request.as_json() for request in pack.requests],
        pack.tool_output,
        labels,
        labels_under_the_map(labels, rows, [], shipped()),
        evidence=rows,
        messages=[],
    )
    assert (found.incidents, found.labelled) == (145, 145)
    assert found.findings == {}
