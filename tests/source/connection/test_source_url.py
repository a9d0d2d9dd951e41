"""The source's URL: every spelling of a password stays hidden, options have the right types."""

import pytest

from replay_assets.errors import ConfigurationError, ReplayAssetsError
from replay_assets.source.connection.database import IncidentDatabase
from replay_assets.source.diagnosis.examine import examine_source

HEAD, TAIL = "Kq7w" + "Head", "Zt4m" + "Tail"
HERE = "127.0.0.1:1/x"


def shown(error: BaseException) -> str:
    """Return what a traceback and Dagster's record of an error show: also its causes."""
    texts = []
    while True:
        texts.append(str(error))
        following = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if following is None:
            return "\n".join(texts)
        error = following


def refusal(url: str) -> str:
    with pytest.raises(ReplayAssetsError) as refused:
        use(url)
    return shown(refused.value)


def use(url: str) -> None:
    with IncidentDatabase(url) as database:
        assert parts_in(database.name) == []
        assert parts_in(str(examine_source(database))) == []
        with database.snapshot():
            pass


def parts_in(text: str) -> list[str]:
    parts = (word[at : at + 4] for word in (HEAD, TAIL) for at in range(len(word) - 3))
    return [part for part in parts if part.lower() in text.lower()]


@pytest.mark.parametrize(
    "between", ["@", "@@", "@/", "/@", "?@", "@?a=", "#@", "@#", ":@", "@:", "@1/", "[@", "\n@"]
)
def test_an_at_that_is_not_encoded_is_refused_with_the_way_to_write_it(between: str) -> None:
    """SQLAlchemy takes what follows it for the host, the port or the database."""
    said = refusal(f"postgresql+psycopg://joe:{HEAD}{between}{TAIL}@{HERE}")
    assert parts_in(said) == []
    assert "REPLAY_SOURCE_URL" in said
    assert "@ as %40" in said


@pytest.mark.parametrize(
    "between", [*"/?#:%[] \n\t'\"\\&=+", "é", "密碼", "%40", "%2F", "%zz", "%"]
)
def test_other_characters_are_part_of_the_password(between: str) -> None:
    """The driver is asked, and what it says is shown without them."""
    said = refusal(f"postgresql+psycopg://joe:{HEAD}{between}{TAIL}@{HERE}")
    assert parts_in(said) == []
    assert f"joe:***@{HERE}: connection" in said


@pytest.mark.parametrize(
    "url",
    [
        f"host=127.0.0.1 port=1 user=joe password={HEAD}{TAIL}",
        f"postgresql+psycopg://host=127.0.0.1 port=1 user=joe password={HEAD}{TAIL}",
        f"oracle+oracledb://joe/{HEAD}{TAIL}@{HERE}",
        f"jdbc:postgresql://{HERE}?user=joe&password={HEAD}{TAIL}",
        f"joe:{HEAD}@{TAIL}@{HERE}",
        f"//joe:{HEAD}{TAIL}@{HERE}",
        f"postgresql+psycopg://:{HEAD}{TAIL}@{HERE}",
        f"postgresql+psycopg://joe:{HEAD}{TAIL}@{HERE}?sslpassword={HEAD}&nosuch=1",
        f"postgresql+psycopg://joe@{HERE}?password={HEAD}{TAIL}&connect_timeout=soon",
        f"postgresql+psycopg://{HERE}?password={HEAD}{TAIL}&port={HEAD}",
        f"postgresql+psycopg://{HERE}?password={HEAD}&{TAIL}=1",
        f"sqlite:////nonexistent/x.sqlite?key={HEAD}{TAIL}",
        f"postgresql+psycopg://joe@{HERE}?password={HEAD}@{TAIL}",
        f"postgresql+psycopg://{HERE}?password={HEAD}@{TAIL}",
        f"postgresql+psycopg://joe:x@{HERE}?connect_timeout=1&password={HEAD}@{TAIL}",
        f"postgresql+psycopg://joe@127.0.0.1/x?port=1&password={HEAD}@{TAIL}",
        f"postgresql+psycopg:///x?host=127.0.0.1&port=1&password={HEAD}@{TAIL}",
        f"postgresql+psycopg://joe@127.0.0.1/{HERE}?sslpassword={HEAD}&nosuch=1",
    ],
)
def test_other_places_of_a_password_are_hidden_too(url: str) -> None:
    """In the query, in keywords of libpq, in URLs of other programs."""
    assert parts_in(refusal(url)) == []


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("timeout=soon", "'soon'"),
        ("check_same_thread=maybe", "'maybe'"),
        ("isolation_level=NONE&timeout=1,5", "'1,5'"),
        ("timeout=1&timeout=2", "timeout"),
    ],
)
def test_an_option_of_the_wrong_type_is_named(option: str, says: str, sample_source: str) -> None:
    """The driver's own error is a traceback."""
    with (
        IncidentDatabase(f"{sample_source}?{option}") as database,
        pytest.raises(ConfigurationError, match="REPLAY_SOURCE_URL") as refused,
        database.snapshot(),
    ):
        pass
    assert says in str(refused.value)
    assert f"options: {option.partition('=')[0]}" in str(refused.value)


@pytest.mark.parametrize(
    ("option", "works"),
    [
        ("prepare_threshold=0", True),
        ("prepare_threshold=none", True),
        ("prepare_threshold=often", False),
        ("row_factory=dict", False),
        ("application_name=replay", True),
    ],
)
def test_options_of_psycopg_get_the_type_that_it_needs(
    option: str, works: bool, postgres_server: str
) -> None:
    """A pooler needs `prepare_threshold`, which psycopg compares with a number."""
    joint = "&" if "?" in postgres_server else "?"
    with IncidentDatabase(f"{postgres_server}{joint}{option}") as database:
        if works:
            with database.snapshot() as connection:
                assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
            return
        with pytest.raises(ConfigurationError, match=option.partition("=")[0]):
            database.snapshot().__enter__()
