"""Each rule finds its kind of secret or personal data, and not what only looks like it."""

from importlib.resources import files
from typing import Any

import pytest
import yaml

from replay_assets.sanitizing.detect.rules import RuleSet, rules_digest, shipped
from replay_assets.sanitizing.detect.spans import Span
from replay_assets.sanitizing.gates.gate import gate_findings, strict_findings
from replay_assets.sanitizing.pseudonyms.engine import IncidentSanitizer

SHAPES: list[dict[str, Any]] = yaml.safe_load(
    files("replay_assets.sanitizing.detect")
    .joinpath("shipped/shapes.yaml")
    .read_text(encoding="utf-8")
)
TOKENS = shipped().tokens
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nFAKEkey\n"


def joined(text: str | list[str]) -> str:
    """Return an example that is stored in parts as one text."""
    return text if isinstance(text, str) else "".join(text)


def spans(text: str, rules: RuleSet | None = None) -> list[Span]:
    """Return what all rules together find."""
    return (rules or shipped()).spans(text.encode())


def shape_cases(kind: str) -> list[Any]:
    """Return each example of each shape with a name."""
    return [
        pytest.param(shape, joined(text), id=f"{shape['id']}-{number}")
        for shape in SHAPES
        for number, text in enumerate(shape[kind])
    ]


@pytest.mark.parametrize(("shape", "text"), shape_cases("examples"))
@pytest.mark.parametrize("template", ["{}", "before {}\nafter", "值班人員貼上 {} 之後重試"])
def test_a_shape_finds_its_examples(shape: dict[str, Any], text: str, template: str) -> None:
    """The named rule finds it, with the category and the strictness that the data states."""
    if template != "{}" and shape["id"] in ("manifest", "key_value_block", "key_value_pair"):
        template = "before\n{}"
    found = [span for span in spans(template.format(text)) if span.rule_id == shape["id"]]
    assert found
    assert found[0].strict is shape["strict"]
    assert found[0].category == shape["category"]


@pytest.mark.parametrize(("shape", "text"), shape_cases("examples"))
def test_nothing_of_a_planted_secret_is_left(shape: dict[str, Any], text: str) -> None:
    """Every made-up secret is marked FAKE."""
    assert "FAKE" not in IncidentSanitizer().text(text)


@pytest.mark.parametrize(("shape", "text"), shape_cases("unlike"))
def test_a_shape_leaves_its_look_alikes(shape: dict[str, Any], text: str) -> None:
    """A model can't use evidence that was masked without need."""
    for template in ("{}", "before {} after"):
        found = {span.rule_id for span in spans(template.format(text))}
        assert shape["id"] not in found


def token_cases() -> list[Any]:
    """Return each token of each rule, one per prefix."""
    return [
        pytest.param(rule, text, id=f"{rule.id}-{number}")
        for rule in TOKENS
        for number, text in enumerate(rule.examples())
    ]


@pytest.mark.parametrize(("rule", "text"), token_cases())
def test_a_token_is_found_completely_in_any_text(rule: Any, text: str) -> None:
    """Between blanks, in Chinese, in JSON: the complete token is one secret."""
    for left, right in (
        (" ", " "),
        ("貼上", "之後"),
        ('"', '"'),
        ("=", "&"),
        ("：", "。"),
        ("", ""),
    ):
        found = spans(left + text + right)
        start = len(left.encode())
        assert found[0].start == start
        assert found[0].end >= start + len(text.encode())


@pytest.mark.parametrize("rule", TOKENS, ids=lambda rule: rule.id)
def test_a_token_rule_leaves_what_is_too_short(rule: Any) -> None:
    """A prefix in prose is not a token."""
    found = {span.rule_id for span in spans(f"before {rule.unlike} after")}
    assert f"token.{rule.id}" not in found


def test_a_token_is_found_by_its_own_rules_search() -> None:
    """Not only because the search of another rule with the same first letters stops there."""
    assert strict_findings("sk_" + "aFAK#4exam0ple7!AKEx2F#KE4ex4") == ["token.freemius"]


def test_the_rules_cover_150_vendors_and_have_unique_ids() -> None:
    """The required number of vendors, and a different name for each rule."""
    ids = [f"token.{rule.id}" for rule in TOKENS] + [shape["id"] for shape in SHAPES]
    assert len(TOKENS) >= 150
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    "text",
    [joined(text) for shape in SHAPES if shape["strict"] for text in shape["examples"]]
    + [rule.examples()[0] for rule in TOKENS],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
def test_the_gate_finds_what_a_strict_rule_finds(text: str) -> None:
    """The gate blocks what must never leave until it is masked."""
    assert strict_findings(f"before {text} after")
    assert strict_findings(IncidentSanitizer().text(f"before {text} after")) == []


@pytest.mark.parametrize(
    "text",
    ["4111111111111111", "A123456789", "0900000123", "sk-" + "FAKE0123456789abcd"],
    ids=["card", "taiwan_id", "phone", "openai"],
)
def test_a_value_at_the_start_of_a_line_is_found_in_json(text: str) -> None:
    r"""In JSON a line feed is `\n`: to a pattern, the letter n seems to be before the value."""
    assert gate_findings('{"content": "see:\\n' + text + '"}') != []
    assert gate_findings('{"a": [{"\\n' + text + '": 1}, "x"]}') != []
    assert gate_findings('{"content": "see:\\n<CARD_1>"}') == []


def test_a_key_block_without_an_end_is_masked_far_from_the_end_of_the_text() -> None:
    """A log that is cut inside a key still contains half of the key."""
    clean = IncidentSanitizer().text(PEM + "[then a long log]\n" + "line.\n" * 3000)
    assert "FAKE" not in clean
    assert "then a long log" in clean


def test_the_digest_names_the_rules_that_were_applied() -> None:
    """Audits of the same rules have the same digest; a deployment's own rule changes it."""
    assert rules_digest() == rules_digest(shipped())
    assert len(rules_digest()) == 64
    assert rules_digest(RuleSet(TOKENS, source="rules: []")) != rules_digest()
