"""Secrets that reached a pack, and evidence that was masked without need."""

import json

import pytest

from replay_assets.sanitizing import IncidentSanitizer, sanitize_text
from tests.field_reports.reports import all_reports, needs_reports, report_input

GENERATED = ("xk(Z9qq", "abc[12]def9", "kafka.Pass9x", "Winter.Is.Coming.")


def filled(report_id: str, text: str) -> str:
    """Return a text with the made-up secrets that its report says how to join."""
    for name, parts in all_reports()[report_id].get("fill", {}).items():
        text = text.replace(f"{{{name}}}", "".join(parts))
    return text


@needs_reports
@pytest.mark.parametrize(
    ("report_id", "expected"),
    [
        ("form-percent", "user=joe&password=<CRED_1>&scope=all"),
        ("query-array", "GET /ws?access_token[]=<CRED_1>&x=1"),
        (
            "query-quoted-encoded",
            "GET /query?q=CREATE+USER+reader+WITH+PASSWORD+%27<CRED_1>%27 HTTP/1.1",
        ),
        ("dollar-password", '{"password": "<CRED_1>"}'),
        ("bare-code-like", "DB_PASSWORD=<CRED_1>\nLOG=1"),
        ("url-raw-http", "dial https://elastic:<CRED_1>@es:9200/ refused"),
        ("pagerduty-routing-key", "pagerduty_configs:\n- routing_key: <CRED_1>"),
        (
            "oncall-url",
            "https://oncall.example.com/integrations/v1/alertmanager/<CRED_1>/",
        ),
        ("token-user-url", "https://x-access-token:<CRED_1>@github.com/acme/app.git/': 403"),
        (
            "externalsecret-fp",
            "- secretKey: orders-db-password\n  remoteRef: {key: prod/orders/db}",
        ),
    ],
    ids=lambda value: value if " " not in value and len(value) < 30 else "",
)
def test_a_secret_is_masked_and_the_text_around_it_stays(report_id: str, expected: str) -> None:
    assert sanitize_text(filled(report_id, report_input(report_id))) == expected


@needs_reports
@pytest.mark.parametrize(
    ("report_id", "text", "expected"),
    [
        ("form-percent", "GET ?password=first%20and%20{P}&x=1", "GET ?password=<CRED_1>&x=1"),
        ("query-array", "access_token%5B%5D={T}&x=1", "access_token%5B%5D=<CRED_1>&x=1"),
        ("url-raw-http", "https://app:ab/{P}@db:5432/x", "https://app:<CRED_1>@db:5432/x"),
        ("url-raw-http", "postgresql://app:a:b#{P}@db/x", "postgresql://app:<CRED_1>@db/x"),
        ("url-raw-http", "postgresql://app:ab<{P}@db/x", "postgresql://app:<CRED_1>@db/x"),
        (
            "pagerduty-routing-key",
            "https://events.pagerduty.com/integration/{H}/enqueue",
            "https://events.pagerduty.com/integration/<CRED_1>/enqueue",
        ),
        (
            "pagerduty-routing-key",
            "routing_key: orders.created",
            "routing_key: orders.created",
        ),
        ("token-user-url", "https://token:{G}@github.com/a", "https://token:<CRED_1>@github.com/a"),
        (
            "token-user-url",
            "https://gitlab-ci-token:{G}@git.example.com/a.git",
            "https://gitlab-ci-token:<CRED_1>@git.example.com/a.git",
        ),
    ],
)
def test_the_other_forms_of_a_report_are_read_alike(
    report_id: str, text: str, expected: str
) -> None:
    assert sanitize_text(filled(report_id, text)) == expected


@needs_reports
def test_a_password_that_begins_like_a_variable_is_masked_in_text_and_in_json() -> None:
    text = filled("dollar-password", report_input("dollar-password"))
    assert IncidentSanitizer().value(json.loads(text)) == {"password": "<CRED_1>"}
    for password in ("$tr0ng" + "One", "$PASSW0RD" + "!"):
        assert sanitize_text(f"DB_PASSWORD={password}") == "DB_PASSWORD=<CRED_1>"


@needs_reports
@pytest.mark.parametrize("password", GENERATED)
def test_a_password_that_looks_like_code_is_masked(password: str) -> None:
    text = report_input("bare-code-like").replace("Pa(ss)9word1", password)
    assert password.rstrip(".") not in sanitize_text(text)
    assert sanitize_text(text).endswith("\nLOG=1")
