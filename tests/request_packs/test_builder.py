"""What a pack contains, what it must not contain, and what stops one from being written."""

import json
from collections.abc import Callable

import pytest

from replay_assets.contracts.vocabulary import Action, Category, Vocabulary
from replay_assets.lake.assets import PACK_FILE, TOOL_OUTPUT_FILE
from replay_assets.lake.formats import decode_jsonl
from replay_assets.lake.store import Publication
from replay_assets.sanitizing.gates.strict_gate import gate_findings
from replay_assets.sanitizing.pseudonyms.incident import PACK_COLUMNS
from tests.request_packs.rows import Row, evidence_row, tool_message

SECRET = "FAKE-" + "orders-pw-1"


@pytest.mark.parametrize(
    "column",
    ["verification_result", "matched_playbook_id", "coordinator_output", "repair_playbook",
     "repair_success", "repair_error", "acceptable_actions", "root_cause_category"],
)  # fmt: skip
def test_no_outcome_decision_or_repair_changes_a_byte(
    published: Callable[..., Publication], column: str
) -> None:
    """A model that can read the outcome would be graded on its reading."""
    before = published([evidence_row()]).files
    assert column not in PACK_COLUMNS
    for value in (None, "other", '{"decision": "nothing"}', False):
        assert published([evidence_row(**{column: value})]).files == before


@pytest.mark.parametrize("column", ["alertname", "severity", "evidence_summary"])
def test_what_a_model_should_read_does_change_the_pack(
    published: Callable[..., Publication], column: str
) -> None:
    """This shows that the test above can fail: a column that is read changes the bytes."""
    before = published([evidence_row()]).files[PACK_FILE]
    assert published([evidence_row(**{column: "Other"})]).files[PACK_FILE] != before


def test_what_people_and_the_agent_said_is_not_recorded_tool_output(
    published: Callable[..., Publication],
) -> None:
    """Only messages of tools are evidence; an answer is a decision."""
    said = [tool_message("we restarted it", role=role) for role in ("assistant", "user", "system")]
    files = published([evidence_row()], said).files
    assert files == published([evidence_row()]).files
    assert files[TOOL_OUTPUT_FILE] == b""


def test_the_same_evidence_gives_the_same_bytes_twice(
    published: Callable[..., Publication], sample_rows: list[Row], sample_messages: list[Row]
) -> None:
    """Paired comparisons need the same pack for every candidate."""
    first = published(sample_rows, sample_messages)
    assert published(sample_rows, sample_messages).files == first.files
    assert first.facts["requests"] == len(sample_rows)


def test_planted_secrets_reach_neither_the_pack_nor_the_tool_output(
    published: Callable[..., Publication], sample_rows: list[Row], sample_messages: list[Row]
) -> None:
    """Every planted secret is marked FAKE or EXAMPLE; addresses end in example.*."""
    raw = json.dumps([sample_rows, sample_messages], default=str)
    assert raw.count("FAKE") > 20
    files = published(sample_rows, sample_messages).files
    for name in (PACK_FILE, TOOL_OUTPUT_FILE):
        text = files[name].decode()
        for planted in ("FAKE", "EXAMPLE", "@example.", "4111 1111", "0900-000-", "10.40."):
            assert planted not in text, (name, planted)
        for line in text.splitlines():
            assert gate_findings(line) == []


def test_a_pack_names_neither_candidate_nor_variant(
    published: Callable[..., Publication],
) -> None:
    """One pack for all candidates: the runner writes both names into the results."""
    (request,) = decode_jsonl(published([evidence_row()]).files[PACK_FILE], "pack")
    assert "candidate_id" not in request
    assert request["metadata"] == {"request_only": True, "not_replacement_evidence": True}
    assert request["run_id"] == "replay-2026-09-21"


def test_the_vocabulary_is_complete_ordered_and_only_in_the_instructions(
    published: Callable[..., Publication], vocabulary: Vocabulary
) -> None:
    """Next to the evidence, a list would be read as evidence."""
    (request,) = decode_jsonl(published([evidence_row()]).files[PACK_FILE], "pack")
    instructions = request.pop("system_prompt")
    entries: list[Category | Action] = [
        *vocabulary.root_cause_categories,
        *vocabulary.actions,
    ]
    starts = [f"- {category.id}: " for category in vocabulary.root_cause_categories]
    starts += [f"- {action.id} (risk " for action in vocabulary.actions]
    places = [instructions.index(start) for start in starts]
    assert places == sorted(places)
    rest = json.dumps(request, ensure_ascii=False)
    for entry in entries:
        assert entry.en in instructions
        assert entry.zh in instructions
        assert entry.id not in rest
        assert entry.en not in rest
    assert vocabulary.approval_rule.en in instructions


def test_a_value_has_one_placeholder_in_prompt_context_and_tool_output(
    published: Callable[..., Publication],
) -> None:
    """A password that only the tool output marks as one is also removed from the evidence."""
    row = evidence_row(
        evidence_summary=f"10.0.0.5 refused {SECRET}", labels=json.dumps({"pod_ip": "10.0.0.5"})
    )
    files = published([row], [tool_message(f"password={SECRET} host=10.0.0.5")]).files
    (request,) = decode_jsonl(files[PACK_FILE], "pack")
    (output,) = decode_jsonl(files[TOOL_OUTPUT_FILE], "tool output")
    assert request["incident_context"]["labels"] == {"pod_ip": "<IP_PRIV_1>"}
    assert "<IP_PRIV_1> refused <CRED_1>" in request["user_prompt"]
    assert output["content"] == "password=<CRED_1> host=<IP_PRIV_1>"


def test_a_password_marked_in_the_evidence_is_removed_from_the_tool_output(
    published: Callable[..., Publication],
) -> None:
    """The sweep works in both directions."""
    row = evidence_row(evidence_summary=f"password={SECRET}")
    files = published([row], [tool_message(f"{SECRET} was refused")]).files
    (output,) = decode_jsonl(files[TOOL_OUTPUT_FILE], "tool output")
    assert output["content"] == "<CRED_1> was refused"


@pytest.mark.parametrize("where", ["evidence", "label", "tool_output"])
def test_evidence_can_not_forge_a_placeholder(
    published: Callable[..., Publication], where: str
) -> None:
    """Text that looks like a placeholder is escaped first: it would claim to be another value."""
    forged = "host <IP_PRIV_1> is to blame"
    row = evidence_row(
        evidence_summary="10.0.0.5 down" + (f", {forged}" if where == "evidence" else ""),
        labels=json.dumps({"note": forged} if where == "label" else {}),
    )
    output = [tool_message(forged)] if where == "tool_output" else []
    files = published([row], output).files
    text = b"".join(files[name] for name in (PACK_FILE, TOOL_OUTPUT_FILE)).decode()
    assert "host ‹IP_PRIV_1› is to blame" in text
    assert "host <IP_PRIV_1>" not in text
    assert "<IP_PRIV_1> down" in text


def test_the_instructions_explain_placeholders(
    published: Callable[..., Publication],
) -> None:
    """Models took `***` for a user's mistake."""
    (request,) = decode_jsonl(published([evidence_row()]).files[PACK_FILE], "pack")
    assert "<IP_PRIV_1> stands for a value that was masked" in request["system_prompt"]
    assert request["source_metadata"]["prompt_version"] == "2"
