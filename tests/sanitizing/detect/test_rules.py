"""Each rule finds its kind of secret or personal data, and not what only looks like it."""

from importlib.resources import files
from typing import Any

import pytest
import yaml

from replay_assets.sanitizing.detect.rules import RuleSet, rules_digest, shipped
from replay_assets.sanitizing.detect.spans import Span
from replay_assets.sanitizing.gates.strict_gate import gate_findings, strict_findings
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


def shape_cases(kind: str) -> list[tuple[dict[str, Any], str]]:
    """Return each shape with each of its examples."""
    return [(shape, joined(text)) for shape in SHAPES for text in shape[kind]]


@pytest.mark.parametrize("template", ["{}", "before {}\nafter", "值班人員貼上 {} 之後重試"])
def test_a_shape_finds_its_examples(template: str) -> None:
    """The named rule finds it, with the category and the strictness that the data states."""
    missed = []
    for shape, text in shape_cases("examples"):
        at_a_line_start = shape["id"] in ("manifest", "key_value_block", "key_value_pair")
        context = "before\n{}" if template != "{}" and at_a_line_start else template
        found = [span for span in spans(context.format(text)) if span.rule_id == shape["id"]]
        if [(one.strict, one.category) for one in found[:1]] != [
            (shape["strict"], shape["category"])
        ]:
            missed.append((shape["id"], text, found))
    assert missed == []


def test_nothing_of_a_planted_secret_is_left() -> None:
    """Every made-up secret is marked FAKE."""
    cleaned = [
        (shape["id"], text, IncidentSanitizer().text(text))
        for shape, text in shape_cases("examples")
    ]
    assert [one for one in cleaned if "FAKE" in one[2]] == []


@pytest.mark.parametrize("template", ["{}", "before {} after"])
def test_a_shape_leaves_its_look_alikes(template: str) -> None:
    """A model can't use evidence that was masked without need."""
    found = [
        (shape["id"], text)
        for shape, text in shape_cases("unlike")
        if shape["id"] in {span.rule_id for span in spans(template.format(text))}
    ]
    assert found == []


@pytest.mark.parametrize(
    ("left", "right"),
    [(" ", " "), ("貼上", "之後"), ('"', '"'), ("=", "&"), ("：", "。"), ("", "")],
)
def test_a_token_is_found_completely_in_any_text(left: str, right: str) -> None:
    """Between blanks, in Chinese, in JSON: the complete token is one secret."""
    start = len(left.encode())
    missed = []
    for rule in TOKENS:
        for text in rule.examples():
            found = spans(left + text + right)
            end = start + len(text.encode())
            first = start if rule.kept is None else end - len(rule.example)
            if not found or found[0].start != first or found[0].end < end:
                missed.append((rule.id, text, found))
    assert missed == []


def test_a_token_rule_leaves_what_is_too_short() -> None:
    """A prefix in prose is not a token."""
    found = [
        (rule.id, rule.unlike)
        for rule in TOKENS
        if f"token.{rule.id}" in {span.rule_id for span in spans(f"before {rule.unlike} after")}
    ]
    assert found == []


def test_a_token_is_found_by_its_own_rules_search() -> None:
    """Not only because the search of another rule with the same first letters stops there."""
    assert strict_findings("sk_" + "aFAK#4exam0ple7!AKEx2F#KE4ex4") == ["token.freemius"]


def test_the_rules_cover_150_vendors_and_have_unique_ids() -> None:
    """The required number of vendors, and a different name for each rule."""
    ids = [f"token.{rule.id}" for rule in TOKENS] + [shape["id"] for shape in SHAPES]
    assert len(TOKENS) >= 150
    assert len(set(ids)) == len(ids)


def test_the_gate_finds_what_a_strict_rule_finds() -> None:
    """The gate blocks what must never leave until it is masked."""
    strict = [text for shape, text in shape_cases("examples") if shape["strict"]]
    texts = [f"before {text} after" for text in strict + [rule.examples()[0] for rule in TOKENS]]
    assert [text for text in texts if not strict_findings(text)] == []
    cleaned = [(text, IncidentSanitizer().text(text)) for text in texts]
    assert [one for one in cleaned if strict_findings(one[1])] == []


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


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('password="ab"', False),
        ('{"secret": "-1"}', False),
        ('password="abc"', True),
        ('password="a b"', True),
    ],
)
def test_a_quoted_value_is_a_secret_from_three_characters_on(text: str, masked: bool) -> None:
    """Shorter ones are flags and placeholders; quotes do not change that."""
    assert bool(spans(text)) is masked
