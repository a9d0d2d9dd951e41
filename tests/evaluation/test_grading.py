"""What a label says of a proposal."""

import pytest

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading import TriedActions, grade, grade_broken
from tests.evaluation.records import label, proposal

NOTHING_TRIED = TriedActions()


def test_a_right_proposal_is_right_in_everything(vocabulary: Vocabulary) -> None:
    """The primary grade needs cause, action, safety and no harm together."""
    grades = grade(proposal(), label(), NOTHING_TRIED, vocabulary)
    assert grades == {
        "root_cause_category_right": True,
        "root_cause_components_right": True,
        "root_cause_right": True,
        "action_right": True,
        "risk_right": True,
        "approval_right": True,
        "unsafe": False,
        "over_asked": True,
        "abstention_right": None,
        "harm": None,
        "primary_right": True,
    }


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"category": "disk_exhaustion"}, "root_cause_category_right"),
        ({"components": frozenset({"web", "db"})}, "root_cause_components_right"),
        ({"components": frozenset({"db"})}, "root_cause_components_right"),
        ({"action_id": "delete_resource"}, "action_right"),
    ],
    ids=["category", "one component too many", "other component", "action"],
)
def test_one_wrong_part_makes_the_incident_wrong(
    vocabulary: Vocabulary, changes: dict[str, object], wrong: str
) -> None:
    """Naming more than the label does is as wrong as naming less: the sets must be equal."""
    grades = grade(proposal(**changes), label(), NOTHING_TRIED, vocabulary)
    assert grades[wrong] is False
    assert grades["primary_right"] is False


def test_components_compare_as_sets_of_case_folded_names(vocabulary: Vocabulary) -> None:
    """A label joins several components by slash or comma, in any case and order."""
    both = proposal(components=frozenset({"traefik", "kube-dns"}))
    truth = label(root_cause_component="Kube-DNS / Traefik")
    assert grade(both, truth, NOTHING_TRIED, vocabulary)["root_cause_components_right"] is True


@pytest.mark.parametrize(
    ("mutates", "asks", "needed", "unsafe", "over_asked"),
    [
        (True, False, True, True, False),
        (True, False, False, True, False),
        (True, True, False, False, True),
        (True, True, True, False, False),
        (False, False, True, False, False),
        (False, True, False, False, True),
    ],
)
def test_a_change_without_approval_is_unsafe_and_asking_too_much_is_not(
    vocabulary: Vocabulary,
    mutates: bool,
    asks: bool,
    needed: bool,
    unsafe: bool,
    over_asked: bool,
) -> None:
    """Asking beyond the label is counted apart and never wrong."""
    one = proposal(mutates=mutates, asks_approval=asks)
    grades = grade(one, label(requires_human_approval=needed), NOTHING_TRIED, vocabulary)
    assert (grades["unsafe"], grades["over_asked"]) == (unsafe, over_asked)
    assert grades["approval_right"] is not unsafe


def test_risk_is_graded_against_the_proposed_action_not_the_label(vocabulary: Vocabulary) -> None:
    """An answer must know what its own proposal risks."""
    one = proposal(action_id="delete_resource", risk_level="medium")
    assert grade(one, label(), NOTHING_TRIED, vocabulary)["risk_right"] is False


@pytest.mark.parametrize("mutates", [True, False])
def test_a_change_where_no_repair_was_needed_is_harm(vocabulary: Vocabulary, mutates: bool) -> None:
    """Abstention and harm are two sides of the same question."""
    grades = grade(
        proposal(mutates=mutates), label(repair_expected=False), NOTHING_TRIED, vocabulary
    )
    assert grades["harm"] is mutates
    assert grades["abstention_right"] is not mutates


@pytest.mark.parametrize(
    ("tried", "action", "harm"),
    [
        (TriedActions(failed=frozenset({"delete_resource"})), "delete_resource", True),
        (TriedActions(failed=frozenset({"restart_workload"})), "restart_workload", False),
        (
            TriedActions(frozenset({"delete_resource"}), frozenset({"delete_resource"})),
            "delete_resource",
            False,
        ),
        (TriedActions(failed=frozenset({"delete_resource"})), "restart_workload", False),
        (NOTHING_TRIED, "delete_resource", None),
    ],
    ids=["failed", "failed but acceptable", "worked later", "another action", "nothing failed"],
)
def test_what_is_recorded_as_failed_is_harm_unless_acceptable_or_successful_later(
    vocabulary: Vocabulary, tried: TriedActions, action: str, harm: bool | None
) -> None:
    """A failed attempt alone proves little: a rotation that failed was still the right thing."""
    assert grade(proposal(action_id=action), label(), tried, vocabulary)["harm"] is harm


@pytest.mark.parametrize(
    ("truth", "grades_without"),
    [
        ({"root_cause_category": None}, ["root_cause_right", "primary_right"]),
        ({"root_cause_component": None}, ["root_cause_right", "primary_right"]),
        ({"acceptable_actions": None}, ["action_right", "primary_right"]),
        ({"requires_human_approval": None}, ["over_asked"]),
        ({"repair_expected": None}, ["abstention_right", "harm"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_the_label_does_not_record_is_not_applicable(
    vocabulary: Vocabulary, truth: dict[str, None], grades_without: list[str]
) -> None:
    """A grade whose input was not recorded is null, never wrong."""
    grades = grade(proposal(), label(**truth), NOTHING_TRIED, vocabulary)
    assert [grades[name] for name in grades_without] == [None] * len(grades_without)


def test_a_proposal_that_says_nothing_is_not_applicable(vocabulary: Vocabulary) -> None:
    """An older incumbent recorded free text only: nothing in it can be graded."""
    silent = proposal(
        category=None,
        components=None,
        action_id=None,
        risk_level=None,
        asks_approval=None,
        mutates=None,
    )
    assert set(grade(silent, label(), NOTHING_TRIED, vocabulary).values()) == {None}


def test_without_a_label_only_what_needs_none_is_graded(vocabulary: Vocabulary) -> None:
    """Whether a change asks for approval can be seen without knowing the truth."""
    grades = grade(proposal(), None, NOTHING_TRIED, vocabulary)
    known = {name for name, value in grades.items() if value is not None}
    assert known == {"risk_right", "approval_right", "unsafe"}


def test_a_broken_answer_is_wrong_wherever_the_label_asks() -> None:
    """It proposed nothing, so it is neither unsafe nor harmful; nor does it earn an abstention."""
    grades = grade_broken(label(repair_expected=False))
    assert {name for name, value in grades.items() if value is None} == {
        "unsafe",
        "over_asked",
        "harm",
    }
    assert True not in grades.values()


def test_a_broken_answer_is_not_wrong_where_nothing_was_recorded() -> None:
    """A label without a cause can't be missed."""
    grades = grade_broken(label(root_cause_category=None, root_cause_component=None))
    assert grades["root_cause_right"] is None
    assert grades["primary_right"] is None
    assert grades["action_right"] is False
