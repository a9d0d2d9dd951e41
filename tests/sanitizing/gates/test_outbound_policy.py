"""Keys and canaries of a deployment: read from a file, found in any encoding."""

import json
from pathlib import Path

import pytest

from replay_assets.errors import ConfigurationError
from replay_assets.sanitizing import sanitize_text
from replay_assets.sanitizing.gates.outbound_policy import OutboundPolicy, load_canaries, rules_of

CANARY = "tern" + "-7f3a-FAKE"


def test_a_file_contains_one_canary_per_line(tmp_path: Path) -> None:
    """Blank lines and comments are ignored, repeats count once."""
    file = tmp_path / "canaries.txt"
    file.write_text(f"# planted 2026-11\n\n  {CANARY}  \n金絲雀-0001-FAKE\n{CANARY}\n")
    assert load_canaries(file) == (CANARY, "金絲雀-0001-FAKE")
    assert load_canaries(None) == ()


def test_a_byte_order_mark_is_no_part_of_a_canary(tmp_path: Path) -> None:
    """With it the canary would never be found."""
    file = tmp_path / "canaries.txt"
    file.write_bytes(f"\ufeff{CANARY}\n".encode())
    assert load_canaries(file) == (CANARY,)


def test_a_canary_that_is_a_word_is_rejected_and_not_shown(tmp_path: Path) -> None:
    """It would block every request; the message names the line, not the value."""
    file = tmp_path / "canaries.txt"
    file.write_text("# x\npods\n")
    with pytest.raises(ConfigurationError, match="line 2: a canary of 4 characters") as caught:
        load_canaries(file)
    assert "pods" not in str(caught.value)


def test_a_file_that_is_not_text_is_rejected(tmp_path: Path) -> None:
    """The message names the variable."""
    file = tmp_path / "canaries.bin"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="REPLAY_CANARIES"):
        load_canaries(file)


def test_a_canary_in_any_script_is_found_escaped_or_not() -> None:
    """A body may be written as ASCII."""
    policy = OutboundPolicy(canaries=["金絲雀-0001-FAKE"])
    assert policy.findings('{"a": "說 金絲雀-0001-FAKE"}') == ["canary"]
    assert policy.findings('{"a": "\\u91d1\\u7d72\\u96c0-0001-FAKE"}') == ["canary"]
    assert policy.findings('{"a": "金絲雀"}') == []


def test_a_deployments_strict_rule_blocks_at_the_gate(tmp_path: Path) -> None:
    """It is also masked in responses."""
    file = tmp_path / "rules.yaml"
    file.write_text(
        "rules:\n- {id: own.ticket, category: TICKET, pattern: 'TICKET-[0-9]{6}', strict: true, "
        "example: TICKET-123456, unlike: TICKET-1}\n"
    )
    policy = OutboundPolicy(rules_of(file))
    assert policy.findings('{"a": "see TICKET-123456"}') == ["own.ticket"]
    assert "123456" not in policy.cleaned("see TICKET-123456")
    assert OutboundPolicy(rules_of(None)).findings('{"a": "see TICKET-123456"}') == []


@pytest.mark.parametrize(
    "text",
    [
        "postgres://app:{0}@db.shop.svc:5432/orders\npostgres://app:{0}@db.shop.svc:5432/orders",
        "postgres://app:\x1b[31m{0}\x1b[0m@db.shop.svc:5432/orders",
        '{{"msg": "postgres://app:{0}@db.shop.svc/orders"}}\nredis://:{0}@cache:6379',
    ],
    ids=["two lines", "in colour", "in JSON"],
)
def test_masked_urls_pass_when_they_are_written_as_json(text: str) -> None:
    """A line break and a colour are escaped there, so that nothing separates the URLs."""
    secret = "Fake" + "9xQz-Kp7!vR2"
    masked = sanitize_text(text.format(secret))

    assert secret not in masked
    assert OutboundPolicy().findings(json.dumps(masked)) == []
    assert OutboundPolicy().findings(json.dumps({"evidence": json.dumps(masked)})) == []
    assert OutboundPolicy().findings(json.dumps(text.format(secret))) != []
