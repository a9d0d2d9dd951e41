"""A deployment's own rules file: rules in YAML, soft categories, and rejected entries."""

from collections.abc import Callable
from pathlib import Path

import pytest

from replay_assets.errors import ConfigurationError
from replay_assets.sanitizing import IncidentSanitizer, load_rules, sanitize_text
from replay_assets.sanitizing.detect import matching
from replay_assets.sanitizing.detect.own_rules import _SOFT, OwnRuleFinder
from replay_assets.sanitizing.detect.rules import rules_digest, shipped
from replay_assets.sanitizing.gates.strict_gate import gate_findings, strict_findings

RULE = """
rules:
  - id: acme.badge
    category: BADGE
    pattern: '工號(?P<value>ACME-[0-9]{6})'
    example: 工號ACME-123456
    unlike: 工號ACME-12
    strict: true
"""
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a text to a rules file."""

    def _write(text: str) -> Path:
        path = tmp_path / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def test_an_own_rule_masks_and_blocks_at_the_gate(write: Write) -> None:
    """The group `value` is masked; the shipped rules still apply."""
    rules = load_rules(write(RULE))
    text = "王小姐 工號ACME-654321 登入 10.0.0.5"
    clean = IncidentSanitizer(rules).text(text)
    assert clean == "王小姐 工號<BADGE_1> 登入 <IP_PRIV_1>"
    assert sanitize_text(clean, rules=rules) == clean
    assert gate_findings(f'{{"a": "{text}"}}', rules=rules) == ["acme.badge"]
    assert strict_findings(text) == []
    assert rules_digest(rules) != rules_digest()


@pytest.mark.parametrize("engine", ["re2", "re"])
def test_own_rules_give_the_same_offsets_with_either_engine(write: Write, engine: str) -> None:
    """Python's engine counts characters, google-re2 bytes."""
    (rule,) = load_rules(write(RULE)).own
    data = "密碼 工號ACME-654321 與 工號ACME-000001".encode()
    found = OwnRuleFinder(rule, engine).find(data)  # type: ignore[arg-type]
    assert [data[span.start : span.end] for span in found] == [b"ACME-654321", b"ACME-000001"]


@pytest.mark.parametrize(
    ("soft", "text", "clean"),
    [
        ("host_names: true", "at db-1.corp.example.com", "at <HOST_1>"),
        ("host_names: true", "at orders.default.svc.cluster.local", None),
        ("mac_addresses: true", "at 00:1A:2B:3C:4D:5E", "at <MAC_1>"),
        ("user_paths: true", "in /home/alice.chen/app", "in /home/<USER_1>/app"),
        (
            "persons: [王小明, Alice Chen]",
            "由王小明與 alice chen 處理",
            "由<PERSON_1>與 <PERSON_2> 處理",
        ),
        ("host_names: false", "at db-1.corp.example.com", None),
    ],
)
def test_soft_categories_are_off_until_switched_on(
    write: Write, soft: str, text: str, clean: str | None
) -> None:
    """Only some teams count these as personal data."""
    assert sanitize_text(text) == text
    assert sanitize_text(text, rules=load_rules(write(f"soft:\n  {soft}\n"))) == (clean or text)


@pytest.mark.parametrize("rule", _SOFT.values(), ids=lambda rule: rule.id)
def test_a_soft_rule_finds_its_example_and_leaves_the_other(rule: object) -> None:
    """As a deployment's own rule must."""
    for engine in ("re2", "re"):
        finder = OwnRuleFinder(rule, engine)  # type: ignore[arg-type]
        assert finder.find(rule.example.encode())  # type: ignore[attr-defined]
        assert not finder.find(rule.unlike.encode())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("acme.badge", "ACME"), "an id has only small letters"),
        (("BADGE\n", "badge\n"), "as in BADGE (found 'badge')"),
        (("工號(?P", "(?<=工號)(?P"), "has a look-around or back-reference"),
        (("[0-9]{6})", "([0-9]{6})\\2)"), "has a look-around or back-reference"),
        (("[0-9]{6})", "[0-9]{6}"), "does not compile"),
        (("[0-9]{6})", "[0-9]{7})"), "does not find this example"),
        (("[0-9]{6})", "[0-9]{2,6})"), "which it must not find"),
        (("    category: BADGE\n", ""), "rules.0.category: this field is required"),
        (
            ("strict: true", "strict: maybe"),
            "rules.0.strict: expected true or false (found 'maybe')",
        ),
        (("strict: true", "colour: red"), "rules.0.colour: unknown field; use id"),
        (("rules:", "rule:"), "rule: unknown field; use rules, soft"),
        (("rules:\n", "rules: 3\nsoft:\n"), "rules: expected a list"),
        (("rules:\n", "soft: {dogs: true}\nrules:\n"), "soft.dogs: unknown field; use host_names"),
        (
            ("rules:\n", "soft: {user_paths: 3}\nrules:\n"),
            "soft.user_paths: expected true or false (found 3)",
        ),
        (("rules:\n", "soft: {persons: 3}\nrules:\n"), "soft.persons: expected a list (found 3)"),
        (("rules:\n", "soft: 3\nrules:\n"), "soft: expected a mapping with the fields host_names"),
        (("rules:\n", "rules: [\n"), "line 3: not valid YAML"),
        (
            ("example: 工號ACME-123456", "example: 3"),
            "rules.0.example: expected a text; put it in quotes (found 3)",
        ),
        (
            ("  - id: acme.badge\n", "  - 3\n  - id: acme.badge\n"),
            "rules.0: expected a mapping with the fields id",
        ),
    ],
)
def test_an_invalid_file_is_rejected(write: Write, change: tuple[str, str], complaint: str) -> None:
    """The message names the file, the rule, the value and the way out."""
    text = RULE.replace(*change)
    if "rules: expected a list" in complaint:
        text = "rules: 3\n"
    with pytest.raises(ConfigurationError, match="rules file") as raised:
        load_rules(write(text))
    assert complaint in str(raised.value)


def test_two_rules_with_one_id_and_a_missing_file_are_rejected(
    write: Write, tmp_path: Path
) -> None:
    """With equal ids, counts by rule would be mixed up."""
    with pytest.raises(ConfigurationError, match="two rules"):
        load_rules(write(RULE + RULE.split("rules:")[1]))
    with pytest.raises(ConfigurationError, match="name a file that exists"):
        load_rules(tmp_path / "none.yaml")


@pytest.mark.parametrize("text", ["", "rules: []\n", "rules:\nsoft:\n"])
def test_with_an_empty_file_only_the_shipped_rules_apply(text: str, write: Write) -> None:
    """Nothing is added and nothing is switched on."""
    rules = load_rules(write(text))
    assert (rules.tokens, rules.own, rules.soft.rules()) == (shipped().tokens, (), ())


def test_without_google_re2_one_warning_names_the_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Musl and some ARM systems have no wheel: the output is the same, ten times slower."""
    monkeypatch.setattr(matching, "re2", None)
    matching._slow_engine.cache_clear()
    with pytest.warns(RuntimeWarning, match="google-re2 is not installed") as caught:
        clean = [sanitize_text(text) for text in ("password=FAKE-1", "mei@example.com")]
    assert clean == ["password=<CRED_1>", "<EMAIL_1>"]
    assert len(caught) == 1
    matching._slow_engine.cache_clear()
