"""The audit shows a security reviewer what was masked, without a single masked value."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.lake.assets import AUDIT_FILE, PACK_FILE, TOOL_OUTPUT_FILE
from replay_assets.request_packs.builder import build_pack
from replay_assets.sanitizing.detect.rules import rules_digest
from tests.request_packs.rows import Row, evidence_row, tool_message
from tests.request_packs.written import published_pack

EMAIL = "mei.lin@example.com"
KEY = "FAKE-" + "audit-key"


def audited(
    vocabulary: Vocabulary, key: str | None = None, **changes: Any
) -> tuple[dict[str, Any], Mapping[str, bytes]]:
    """Return the audit of a small pack, and its files."""
    row = evidence_row(
        alertname=f"Mail of {EMAIL}",
        evidence_summary=f"{EMAIL} and {EMAIL} from 10.0.0.5; password=" + "FAKE-pw",
        **changes,
    )
    pack = build_pack(
        [row],
        [tool_message("10.0.0.5", incident_id=row["incident_id"])],
        day="2026-09-21",
        vocabulary=vocabulary,
        audit_key=key,
    )
    files = published_pack(pack).files
    return json.loads(files[AUDIT_FILE]), files


def values_of(audit: dict[str, Any]) -> dict[str, str | None]:
    """Return each placeholder's hash."""
    (incident,) = audit["incidents"]
    return {one["placeholder"]: one["value_hmac"] for one in incident["values"]}


def test_every_masked_value_is_counted_by_category_rule_and_field(vocabulary: Vocabulary) -> None:
    """Each occurrence counts, and the three tables add up to the same number."""
    audit, _ = audited(vocabulary)
    assert audit["masked_by_category"] == {"CRED": 1, "EMAIL": 3, "IP_PRIV": 2}
    assert audit["masked_by_rule"] == {"email": 3, "ipv4": 2, "key_value": 1}
    assert audit["masked_by_field"] == {"alertname": 1, "evidence_summary": 4, "tool_output": 1}
    assert sum(row["count"] for row in audit["masked"]) == 6
    assert audit["incidents"][0]["masked"] == audit["masked"]


@pytest.mark.parametrize("key", [None, KEY], ids=["without_key", "with_key"])
def test_an_audit_contains_no_value_and_no_key(vocabulary: Vocabulary, key: str | None) -> None:
    """More people read the audit than the pack."""
    audit, _ = audited(vocabulary, key)
    text = json.dumps(audit)
    for value in (EMAIL, "10.0.0.5", "FAKE"):
        assert value not in text


def test_without_a_key_there_are_no_hashes(vocabulary: Vocabulary) -> None:
    """A plain digest of an address can be reversed by trying all of them."""
    audit, _ = audited(vocabulary)
    assert audit["keyed"] is False
    assert audit["incidents"][0]["input_hmac"] is None
    assert set(values_of(audit).values()) == {None}


def test_equal_values_have_equal_hashes_under_one_key_and_incident_alone(
    vocabulary: Vocabulary,
) -> None:
    """A value can be followed through an incident's audits, but not to another incident."""
    audit, _ = audited(vocabulary, KEY)
    assert set(values_of(audit)) == {"<EMAIL_1>", "<IP_PRIV_1>", "<CRED_1>"}
    assert len(set(values_of(audit).values())) == 3
    assert values_of(audited(vocabulary, KEY)[0]) == values_of(audit)
    for other, _ in (audited(vocabulary, KEY + "2"), audited(vocabulary, KEY, incident_id="inc-2")):
        assert not set(values_of(other).values()) & set(values_of(audit).values())
        assert other["incidents"][0]["input_hmac"] != audit["incidents"][0]["input_hmac"]


def test_the_hash_of_the_input_changes_with_the_evidence(vocabulary: Vocabulary) -> None:
    """With the evidence and the key, anyone can prove what a pack was made from."""
    before = audited(vocabulary, KEY)[0]["incidents"][0]["input_hmac"]
    after = audited(vocabulary, KEY, severity="low")[0]["incidents"][0]["input_hmac"]
    assert before != after


def test_hashes_do_not_reveal_the_length_of_a_value(vocabulary: Vocabulary) -> None:
    """All are cut to the same 64 bits."""
    audit, _ = audited(vocabulary, KEY)
    assert {len(value or "") for value in values_of(audit).values()} == {16}


def test_an_audit_names_the_digests_of_pack_and_rules(vocabulary: Vocabulary) -> None:
    """Another pack, or other rules, would have other digests."""
    audit, files = audited(vocabulary)
    assert audit["request_pack_sha256"] == hashlib.sha256(files[PACK_FILE]).hexdigest()
    output = hashlib.sha256(files[TOOL_OUTPUT_FILE]).hexdigest()
    assert audit["recorded_tool_output_sha256"] == output
    assert audit["rules_sha256"] == rules_digest()


def test_the_samples_audit_counts_every_planted_kind(
    vocabulary: Vocabulary, sample_rows: list[Row], sample_messages: list[Row]
) -> None:
    """Each category of the samples' planted values is masked at least once."""
    pack = build_pack(sample_rows, sample_messages, day="2026-09-21", vocabulary=vocabulary)
    audit = json.loads(published_pack(pack).files[AUDIT_FILE])
    assert set(audit["masked_by_category"]) == {
        "CARD", "CRED", "EMAIL", "IP_PRIV", "IP_PUB", "NATIONAL_ID", "PHONE",
    }  # fmt: skip
    assert pack.audit.masked_values == sum(audit["masked_by_field"].values())
    assert pack.audit.masked_values == sum(audit["masked_by_rule"].values())
