"""What of a URL is shown: no part of its password, whatever the spelling."""

import pytest

from replay_assets.parsing.urls import UrlParts, is_secret_option, shown_url, without_password

HEAD, TAIL = "Kq7w" + "Head", "Zt4m" + "Tail"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://joe:pw@db/x?sslmode=require", "postgresql+psycopg://joe:***@db/x"),
        ("postgresql://joe@db:5432/x", "postgresql://joe@db:5432/x"),
        ("postgresql://:pw@db/x", "postgresql://:***@db/x"),
        ("postgresql://joe:@db/x", "postgresql://joe:***@db/x"),
        ("postgresql://joe@corp:pw@db/x", "postgresql://joe@corp:***@db/x"),
        ("postgresql://joe:pw@[::1]:5432/x", "postgresql://joe:***@[::1]:5432/x"),
        ("postgresql:///x?host=/run/postgresql", "postgresql:///x"),
        ("sqlite:////home/me@corp/x.sqlite", "sqlite:////home/me@corp/x.sqlite"),
        ("http://proxy.internal:3128", "http://proxy.internal:3128"),
        ("postgresql://joe@db/x?password=p@ss", "postgresql://joe@db/x"),
        ("postgresql://db:5432/x?password=p@ss", "postgresql://db:***@"),
        ("postgresql:///x?password=p@ss", "postgresql:///x"),
        ("postgresql://joe:pw@db/x?application_name=a%40b", "postgresql://joe:***@db/x"),
        ("jdbc:postgresql://joe:pw@db/x", "jdbc:postgresql://joe:***@db/x"),
        ("postgresql://joe@db/x@y", "postgresql://joe@db/x@y"),
        ("oracle+oracledb://joe/pw@db:1521/x", "oracle+oracledb://joe:***@db:1521/x"),
        ("oracle://joe/pw@//db:1521/x", "oracle://joe:***@//db:1521/x"),
        ("postgresql://host=db password=pw", "postgresql://:***@"),
        ("postgresql:///host%3Ddb%20password%3Dpw", "postgresql://:***@"),
        ("postgresql:///postgresql%3A%2F%2Fjoe%3Apw%40db", "postgresql://:***@"),
        ("http://proxy/https://joe:pw@host/v1", "http://:***@"),
        ("http://proxy/https://host:8443/v1", "http://proxy/https://host:8443/v1"),
        ("host=db password=pw", "a text that is not a URL"),
    ],
)
def test_everything_but_password_and_options_is_shown(url: str, shown: str) -> None:
    """A reader must recognize which database is meant."""
    assert shown_url(url) == shown


@pytest.mark.parametrize("character", [*"@/?#:%[] \n\t'\"\\&=+,;", "é", "密碼", "@/@", "%40"])
def test_no_special_character_lets_a_part_through(character: str) -> None:
    """The same for what a driver says: it may quote any piece of what it was given."""
    url = f"postgresql+psycopg://joe:{HEAD}{character}{TAIL}@db.internal:1/x?password={HEAD}"
    said = f"failed to resolve host '{TAIL.lower()}@db.internal'; no option {HEAD}, 'w{TAIL[1:]}'"
    for text in (shown_url(url), without_password(said, url)):
        for secret in (HEAD, TAIL):
            for start in range(len(secret) - 3):
                assert secret[start : start + 4].lower() not in text.lower()
    assert "joe" in shown_url(url)
    assert without_password(said, url).startswith("failed to resolve host ")


def test_what_the_url_shows_anyway_stays_readable() -> None:
    """Many databases on a laptop have one word for everything."""
    url = "postgresql://postgres:postgres@localhost/postgres"
    said = 'password authentication failed for user "postgres"'
    assert without_password(said, url) == said
    assert (
        without_password("user a, password a1", "postgresql://a:a1@b/c") == "user a, password ***"
    )
    assert without_password("anything", "postgresql://joe@db/x") == "anything"


def test_an_encoded_password_is_hidden_in_both_forms() -> None:
    """Drivers get it decoded."""
    url = f"postgresql://joe:{HEAD}%40%2F{TAIL}@db/x"
    assert without_password(f"bad {HEAD}@/{TAIL} or {HEAD}%40%2F{TAIL}", url) == "bad *** or ***"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True), ("sslpassword", True), ("api_key", True), ("key", True),
        ("access_token", True), ("sig", True), ("passfile", False), ("sslkey", False),
        ("code", True), ("jwt", True), ("encode", False),
        ("api-version", False), ("connect_timeout", False), ("design", False),
    ],
)  # fmt: skip
def test_secret_options_are_found_by_name(name: str, secret: bool) -> None:
    """The name of a file with a key is not a secret."""
    assert is_secret_option(name) is secret


@pytest.mark.parametrize(
    ("url", "ambiguous"),
    [
        ("postgresql://joe:p@ss@db/x", True),
        ("postgresql://joe:p@db/x?user=me@corp", True),
        ("postgresql://joe@corp:pw@db/x", False),
        ("postgresql://joe:p%40ss@db/x", False),
        ("postgresql://db:5432/x?password=p@ss", True),
        ("postgresql://joe:pw@db/x?password=p@ss", True),
        ("postgresql:///x?password=p@ss", False),
        ("sqlite:////home/me@corp:1/x@y", False),
    ],
)
def test_a_second_at_makes_a_password_ambiguous(url: str, ambiguous: bool) -> None:
    """Other readers end it at the first one."""
    parts = UrlParts.of(url)
    assert parts is not None
    assert parts.holds_unescaped_at is ambiguous
