"""The audit tells a security reviewer what was masked, and repeats none of it."""

import hashlib
import json
from typing import Any

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.request_packs.audit import Audit
from replay_assets.request_packs.builder import (
    AUDIT_FILE,
    PACK_FILE,
    TOOL_OUTPUT_FILE,
    build_pack,
)
from replay_assets.sanitizing import IncidentSanitizer
from replay_assets.sanitizing.engine import rules_digest
from tests.request_packs.rows import Row, evidence_row, tool_message

EMAIL = "mei.lin@example.com"


def audited(vocabulary: Vocabulary) -> tuple[dict[str, Any], Any]:
    """Return the audit of a small pack, and its files."""
    row = evidence_row(
        alertname=f"Mail of {EMAIL}",
        evidence_summary=f"{EMAIL} and {EMAIL} from 10.0.0.5; password=" + "FAKE-pw",
    )
    pack = build_pack([row], [tool_message("10.0.0.5")], day="2026-09-21", vocabulary=vocabulary)
    files = pack.publication(inputs={}).files
    return json.loads(files[AUDIT_FILE]), files


def test_every_masked_value_is_counted_by_category_rule_and_field(vocabulary: Vocabulary) -> None:
    """Each occurrence counts, and the three tables add up to the same number."""
    audit, _ = audited(vocabulary)
    assert audit["masked_by_category"] == {"EMAIL": 3, "IP_PRIV": 2, "SECRET": 1}
    assert audit["masked_by_rule"] == {"email": 3, "ipv4": 2, "key_value": 1}
    assert audit["masked_by_field"] == {"alertname": 1, "evidence_summary": 4, "tool_output": 1}


def test_an_audit_holds_no_value(vocabulary: Vocabulary) -> None:
    """It travels further than the pack does."""
    audit, _ = audited(vocabulary)
    text = json.dumps(audit)
    for value in (EMAIL, "10.0.0.5", "FAKE", "inc-1"):
        assert value not in text


def test_an_audit_names_the_bytes_and_the_rules_that_it_speaks_of(vocabulary: Vocabulary) -> None:
    """Another pack, or other rules, would have other digests."""
    audit, files = audited(vocabulary)
    assert audit["request_pack_sha256"] == hashlib.sha256(files[PACK_FILE]).hexdigest()
    output = hashlib.sha256(files[TOOL_OUTPUT_FILE]).hexdigest()
    assert audit["recorded_tool_output_sha256"] == output
    assert audit["rules_sha256"] == rules_digest()


def test_the_samples_audit_counts_every_planted_kind(
    vocabulary: Vocabulary, sample_rows: list[Row], sample_messages: list[Row]
) -> None:
    """Each category of the samples' planted values is seen at work."""
    pack = build_pack(sample_rows, sample_messages, day="2026-09-21", vocabulary=vocabulary)
    assert set(pack.audit.by_category) == {
        "CARD", "EMAIL", "IP_PRIV", "IP_PUB", "NATIONAL_ID", "PHONE", "SECRET",
    }  # fmt: skip
    assert pack.audit.masked_values == pack.audit.by_field.total() == pack.audit.by_rule.total()


def test_only_what_is_found_within_a_field_counts_for_it() -> None:
    """Counts of an earlier field are not counted again for the next."""
    audit, sanitizer = Audit(), IncidentSanitizer()
    with audit.field("first", sanitizer):
        sanitizer.text("10.0.0.5 10.0.0.6")
    with audit.field("second", sanitizer):
        sanitizer.text("10.0.0.5")
    assert audit.by_field == {"first": 2, "second": 1}
