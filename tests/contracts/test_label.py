"""Labels: the components of a fault, and the table that holds them."""

import pytest

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.label import IncidentLabel, problems_of
from replay_assets.contracts.vocabulary import Vocabulary
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
        pytest.param("deployment/web", {"web"}, id="a kind before a slash is no name"),
        pytest.param("shop/web", {"shop", "web"}, id="a slash without spaces"),
        pytest.param("web and redis", {"web", "redis"}, id="and"),
        pytest.param("a,b", {"a", "b"}, id="a comma without a space"),
        pytest.param("a;b、c，d", {"a", "b", "c", "d"}, id="other separators"),
        pytest.param("a\nb", {"a", "b"}, id="lines"),
        pytest.param(" , ", set(), id="blank"),
        pytest.param(" a  /  b ", {"a", "b"}, id="spaces around"),
        pytest.param("a / ", {"a"}, id="nothing after the slash"),
    ],
)
def test_components_are_split_at_slashes_and_commas(
    component: str, expected: set[str], vocabulary: Vocabulary
):
    """Grading compares sets: the order and case in which people wrote them do not matter."""
    assert label_with(component).components(vocabulary) == frozenset(expected)


def test_the_components_of_a_label_without_a_component_are_none(vocabulary: Vocabulary):
    """Not an empty set: an answer that names no component would be right."""
    assert label_with(None).components(vocabulary) is None


@pytest.mark.parametrize(
    ("change", "problem", "unanswerable"),
    [
        pytest.param(
            {"root_cause_category": "Disk full"},
            "root_cause_category 'Disk full' is not in the vocabulary (nearest: disk_exhaustion)",
            True,
            id="category",
        ),
        pytest.param(
            {"root_cause_category": "洩漏"},
            "root_cause_category '洩漏' is not in the vocabulary (nearest: memory_exhaustion)",
            True,
            id="category in Chinese",
        ),
        pytest.param(
            {"root_cause_category": " "}, "root_cause_category is blank", True, id="blank category"
        ),
        pytest.param(
            {"root_cause_component": "N/A"},
            "root_cause_component names no component",
            True,
            id="no component",
        ),
        pytest.param(
            {"root_cause_component": "a, b, c, d"},
            "root_cause_component names 4 components, an answer names at most 3",
            True,
            id="too many components",
        ),
        pytest.param(
            {"acceptable_actions": ["", "\u200b"]}, "acceptable_actions is empty", True, id="blanks"
        ),
        pytest.param(
            {"acceptable_actions": ["restart_workload", "xyzzy"]},
            "acceptable_actions 'xyzzy' is not in the vocabulary",
            False,
            id="one of two actions",
        ),
    ],
)
def test_values_that_no_answer_can_give_are_named(
    change: dict[str, object], problem: str, unanswerable: bool, vocabulary: Vocabulary
):
    """With the nearest word of the vocabulary; free text of a component is not repeated."""
    label = sample_labels()[0].model_copy(update=change)
    (found,) = problems_of(label, vocabulary)
    assert (str(found), found.unanswerable) == (problem, unanswerable)


def test_spellings_of_a_word_of_the_vocabulary_are_that_word(vocabulary: Vocabulary):
    """Case, blanks and the kind of dash do not make another word."""
    change = {
        "root_cause_category": "Memory exhaustion ",
        "acceptable_actions": ["RESTART-WORKLOAD"],
    }
    label = sample_labels()[0].model_copy(update=change)
    assert problems_of(label, vocabulary) == []
    assert label.accepted_actions(vocabulary) == {"restart_workload"}


def test_labels_are_the_same_after_they_were_in_a_table():
    """Nulls stay nulls and lists stay lists in Arrow."""
    labels = sample_labels()
    rows = arrow_table(
        (label.as_json() for label in labels), arrow_schema(IncidentLabel)
    ).to_pylist()
    assert [IncidentLabel.read(row) for row in rows] == labels
