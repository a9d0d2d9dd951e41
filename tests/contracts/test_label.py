"""Labels: the components of a fault, and the table that holds them."""

import pytest

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.label import IncidentLabel
from replay_assets.lake.formats import arrow_table
from tests.contracts.examples import sample_labels


def label_with(component: str | None) -> IncidentLabel:
    return sample_labels()[0].model_copy(update={"root_cause_component": component})


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        pytest.param("orders-db", {"orders-db"}, id="one"),
        pytest.param("orders-db / report-builder", {"orders-db", "report-builder"}, id="slash"),
        pytest.param("cart, payments, mail", {"cart", "payments", "mail"}, id="commas"),
        pytest.param("a / b, c", {"a", "b", "c"}, id="both"),
        pytest.param("Orders-DB / ORDERS-db", {"orders-db"}, id="case"),
        pytest.param("STRASSE", {"strasse"}, id="folded"),
        pytest.param("straße", {"strasse"}, id="folded beyond lower case"),
        pytest.param("ns/deploy", {"ns/deploy"}, id="a slash without spaces is part of a name"),
        pytest.param("a,b", {"a,b"}, id="a comma without a space is part of a name"),
        pytest.param(" a  /  b ", {"a", "b"}, id="spaces around"),
        pytest.param("a / ", {"a"}, id="nothing after the slash"),
    ],
)
def test_components_are_split_at_spaced_slashes_and_commas(component: str, expected: set[str]):
    """Grading compares sets: the order and case in which people wrote them do not matter."""
    assert label_with(component).components() == frozenset(expected)


def test_the_components_of_a_label_without_a_component_are_none():
    """Not an empty set: an answer that names no component would be right."""
    assert label_with(None).components() is None


def test_labels_are_the_same_after_they_were_in_a_table():
    """Nulls stay nulls and lists stay lists in Arrow."""
    labels = sample_labels()
    rows = arrow_table(
        (label.as_json() for label in labels), arrow_schema(IncidentLabel)
    ).to_pylist()
    assert [IncidentLabel.read(row) for row in rows] == labels
