"""Names and yes or no in other spellings."""

import pytest

from replay_assets.contracts.component_names import ComponentNames
from replay_assets.contracts.names import folded, read_boolean

ZERO_WIDTH_SPACE, SOFT_HYPHEN, BYTE_ORDER_MARK = "\u200b", "\u00ad", "\ufeff"


@pytest.mark.parametrize(
    "spelling",
    [
        "Cart-Db",
        " cart-db\t",
        "ｃａｒｔ－ｄｂ",
        *(f"cart{dash}db" for dash in "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63"),
        f"cart-{ZERO_WIDTH_SPACE}db",
        f"{BYTE_ORDER_MARK}cart-{SOFT_HYPHEN}db",
        "cart-db\ufe0f",
        "`cart-db`",
        "“cart-db”",
        "「cart-db」",
        "**`cart-db`**",
    ],
)
def test_one_name_in_many_spellings(spelling: str):
    """People copy names from chats and documents, and models put them into code marks."""
    assert folded(spelling) == "cart-db"
    assert ComponentNames().of([spelling]) == {"cart-db"}


def test_letters_in_one_and_in_two_parts_are_equal():
    """macOS writes an accent as a separate character."""
    assert folded("cafe\u0301-api") == folded("caf\u00e9-api")


@pytest.mark.parametrize("other", ["cartdb", "cart_db", "cart-db2", "'cart-db"])
def test_other_names_stay_other_names(other: str):
    """Only what is invisible or around a name is ignored."""
    assert folded(other) != "cart-db"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *[(one, True) for one in (True, 1, "true", " YES ", "是", "1")],
        *[(one, False) for one in (False, 0, "false", "No", "0", "否", "off")],
        *[(None, None), ("", None), ("later", None), (2, None), (0.0, None), ([], None)],
    ],
)
def test_a_recorded_yes_or_no_is_read_and_never_guessed(value: object, read: bool | None):
    """`bool("false")` is True."""
    assert read_boolean(value) is read


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("frontend service", {"frontend"}),
        ("the frontend pods", {"frontend"}),
        ("前端服務", {"frontend"}),
        ("orders-api 節點", {"orders-api"}),
        ("svc/cart", {"cart"}),
        ("web-7d9f8b6c5d-x2k4q", {"web"}),
        ("web-7d9f8b6c5d", {"web"}),
        ("pod web-3094657323-x2k4q", {"web"}),
        ("node-agent-x2k4q", {"node-agent"}),
        ("web-0", {"web-0"}),
        ("redis-cluster-10", {"redis-cluster-10"}),
        ("user-service", {"user-service"}),
        ("orders-replica", {"orders-replica"}),
        ("worker node", {"worker"}),
        ("deployment", {"deployment"}),
        ("kube-dns / CoreDNS", {"coredns"}),
        ("Postgres", {"postgresql"}),
        ("資料庫、快取", {"database", "cache"}),
        ("web & redis", {"web", "redis"}),
        (" / ", set()),
        ("web | redis + cart", {"web", "redis", "cart"}),
        ('["web", "redis"]', {"web", "redis"}),
        ("- web\n- redis.", {"web", "redis"}),
        ("N/A", set()),
        ("unknown", set()),
        ("－", set()),
        ("未知", set()),
        ("web, unknown", {"web"}),
    ],
)
def test_components_by_kind_suffix_and_alias(text: str, names: set[str]):
    """An ordinal belongs to a name, a generated suffix does not."""
    assert ComponentNames().of([text]) == names


def test_a_team_adds_its_own_aliases():
    """They are also used without the word for the kind, and come before the shipped ones."""
    names = ComponentNames({"orders-db": ["orders database", "postgres"]})

    assert names.of(["Orders Database", "postgres"]) == {"orders-db"}
    assert names.of(["orders-database"]) == {"orders-database"}
