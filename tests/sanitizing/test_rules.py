"""Each rule finds its kind of secret or personal data, and leaves what only looks like it."""

import pytest

from replay_assets.sanitizing.engine import (
    IncidentSanitizer,
    gate_findings,
    rules_digest,
    strict_findings,
)
from replay_assets.sanitizing.rules import RULES

JWT = ".".join(["eyJhbGciOiJI", "eyJzdWIiOiJm", "FAKEsignature"])
PEM = "\n".join(
    ["-----BEGIN RSA " + "PRIVATE KEY-----", "FAKEkey", "-----END RSA PRIVATE KEY-----"]
)

FOUND = {
    "pem": [PEM, PEM.partition("-----END")[0]],
    "token.nvidia": ["nvapi-" + "FAKE1234-_x"],
    "token.openai": ["sk-" + "FAKE0123456789abcd", "sk-proj-" + "FAKE0123456789abcd"],
    "token.github": ["ghp_" + "FAKE" * 6, "github_pat_" + "FAKE_" * 5],
    "token.gitlab": ["glpat-" + "FAKE" * 5],
    "token.slack": ["xoxb-" + "12345-FAKEtoken"],
    "token.slack_webhook": ["https://hooks.slack.com/" + "services/T0/B0/FAKEhook"],
    "token.aws_key_id": ["AKIA" + "FAKE" * 4],
    "token.google": ["AIza" + "FAKE_" * 7],
    "token.huggingface": ["hf_" + "FAKE" * 6],
    "token.npm": ["npm_" + "FAKE" * 9],
    "token.jwt": [JWT],
    "authorization": [
        "Authorization: Basic " + "RkFLRQ==",
        '{"authorization": "Bearer ' + 'FAKE-t"}',
        r"{\"Authorization\": \"Basic " + r"RkFLRQ==\"}",
    ],
    "bearer": ["sent bearer " + "FAKE-0123456789"],
    "url_password": ["postgres://app:" + "FAKE-pw@db:5432/x", "redis://:" + "FAKE-pw@cache"],
    "key_value": [
        "password=" + "FAKE-1",
        "SMTP_PASSWORD=" + "FAKE-1",
        "dbPassword: " + "FAKE-1",
        '{"client_secret":"' + 'FAKE-1"}',
        r"{\"token\": \"" + r"FAKE-1\"}",
        "X-Api-Key: " + "FAKE-1",
    ],
    "key_value_zh": ["密碼：" + "FAKE-1", "金鑰為" + "FAKE-1", "權杖 = 「" + "FAKE-1」"],
    "cli_flag": ["mysqldump --password " + "FAKE-1"],
    "email": ["mei.lin@example.com", "ops@mail.example.com.tw"],
    "ipv4": ["10.4.7.21", "203.0.113.9"],
    "card": ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111"],
    "taiwan_id": ["A123456789"],
    "taiwan_phone": ["0900-000-123", "0900000123", "+886 900 000 123"],
}

LEFT_ALONE = {
    "pem": ["-----BEGIN CERTIFICATE-----\nFAKE\n-----END CERTIFICATE-----"],
    "token.nvidia": ["nvapi-key"],
    "token.openai": ["task-runner-deployment-of-the-shop", "sk-short1"],
    "token.github": ["ghp_short"],
    "token.slack": ["xoxb-"],
    "token.aws_key_id": ["AKIAS-shop"],
    "token.huggingface": ["hf_hub"],
    "token.jwt": ["eyJ is how base64 of a brace begins"],
    "bearer": ["the bearer of bad news"],
    "authorization": ["authorization: failed"],
    "url_password": ["http://cache:6379/x@y", "https://registry.example/img@sha256:ab"],
    "key_value": [
        "password=${DB_PASSWORD}",
        "password: null",
        "password=<REDACTED>",
        "the password was rotated",
        "api_key=***",
    ],
    "key_value_zh": ["密碼已於昨日更換", "密碼：<SECRET_1>"],
    "cli_flag": ["--password-file /run/x", "mysqldump --password --host db"],
    "email": ["user@host", "image@sha256", "@example.com"],
    "ipv4": ["127.0.0.1", "0.0.0.0", "255.255.255.0", "1.2.3.4.5", "v1.29.3", "999.1.1.1"],
    "card": ["4111 1111 1111 1112", "0000 0000 0000 0000", "build 20260921100312"],
    "taiwan_id": ["A123456788", "AB123456789"],
    "taiwan_phone": ["0900-000-1234", "10900000123", "0212345678"],
}


def _cases(examples: dict[str, list[str]]) -> list[object]:
    return [
        pytest.param(rule, text, id=f"{rule}-{number}")
        for rule, texts in examples.items()
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize(("rule_id", "text"), _cases(FOUND))
def test_a_rule_masks_its_kind(rule_id: str, text: str) -> None:
    """The value is gone, a placeholder stands in its place, and the rule that found it is named."""
    sanitizer = IncidentSanitizer()
    clean = sanitizer.text(f"before {text} after")
    assert rule_id in {rule for _, rule in sanitizer.counts}
    assert clean.startswith("before ")
    assert clean.endswith(("after", "_1>"))  # a block without an end takes all that follows
    assert "FAKE" not in clean
    assert clean != f"before {text} after"


@pytest.mark.parametrize(("rule_id", "text"), _cases(LEFT_ALONE))
def test_a_rule_leaves_a_look_alike(rule_id: str, text: str) -> None:
    """Evidence that is masked for nothing is evidence that a model can't use."""
    sanitizer = IncidentSanitizer()
    sanitizer.text(f"before {text} after")
    assert rule_id not in {rule for _, rule in sanitizer.counts}


def test_every_rule_has_an_example() -> None:
    """A rule nobody tried is a rule that may match nothing."""
    assert {rule.id for rule in RULES} == set(FOUND)
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(("rule_id", "text"), _cases(FOUND))
def test_a_token_that_touches_chinese_text_is_found(rule_id: str, text: str) -> None:
    r"""Chinese characters count as word characters for `\b`: such a boundary skips these."""
    sanitizer = IncidentSanitizer()
    sanitizer.text(f"值班人員貼上{text}之後重試")
    found = {rule for _, rule in sanitizer.counts}
    assert rule_id in found


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.strict], ids=lambda rule: rule.id)
def test_the_gate_finds_what_a_strict_rule_finds(rule: object) -> None:
    """What must never leave is named by its rule until it is masked."""
    rule_id: str = rule.id  # type: ignore[attr-defined]
    for text in FOUND[rule_id]:
        assert rule_id in strict_findings(f"before {text} after")
        assert strict_findings(IncidentSanitizer().text(f"before {text} after")) == []


@pytest.mark.parametrize(
    "text",
    ["4111111111111111", "A123456789", "0900000123", "sk-" + "FAKE0123456789abcd"],
    ids=["card", "taiwan_id", "phone", "openai"],
)
def test_a_value_at_the_start_of_a_line_is_found_in_json(text: str) -> None:
    r"""In JSON a line feed is `\n`: to a pattern, the value seems to follow the letter n."""
    assert gate_findings('{"content": "see:\\n' + text + '"}') != []
    assert gate_findings('{"a": [{"\\n' + text + '": 1}, "x"]}') != []
    assert gate_findings('{"content": "see:\\n<CARD_1>"}') == []


def test_a_key_block_without_an_end_is_masked_far_from_the_end_of_the_text() -> None:
    """A log cut in the middle of a key still holds half of the key."""
    block = PEM.partition("-----END")[0]
    clean = IncidentSanitizer().text(block + "[then a long log]\n" + "line.\n" * 3000)
    assert "FAKE" not in clean
    assert "then a long log" in clean


def test_the_digest_of_the_rules_names_what_was_applied() -> None:
    """Audits of the same rules carry the same digest."""
    assert rules_digest() == rules_digest()
    assert len(rules_digest()) == 64
