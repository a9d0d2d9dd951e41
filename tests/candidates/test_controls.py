"""Controls: which entries they add to a catalogue, and which incidents they are asked."""

from pathlib import Path

import pytest

from replay_assets.candidates import Candidate, Catalogue, asked_incidents
from replay_assets.contracts.calendar import days_of_week
from tests.candidates.test_catalogue import ENTRY, load, refusal

WEEK = days_of_week("2026-09-28")
SWITCHED_ON = ENTRY + "  no_evidence: true\n  repeats: 3\n  sampling: {temperature: 0.5}\n"


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """A catalogue of one entry with a control."""
    return load(tmp_path, SWITCHED_ON)


def test_a_control_is_the_same_model_without_evidence(catalogue: Catalogue) -> None:
    mine, control = catalogue
    same = {"model", "base_url", "sampling", "limits", "api_key_env", "prices_usd_per_million"}
    assert control.model_dump(include=same) == mine.model_dump(include=same)
    assert (control.id, control.prompt_variant) == ("mine-no-evidence", "no_evidence")
    assert (control.repeats, control.no_evidence, control.incidents_per_week) == (1, False, 30)
    assert control.digest() != mine.digest()


def test_a_run_that_names_a_candidate_also_asks_its_control(catalogue: Catalogue) -> None:
    assert [one.id for one in catalogue.named(["mine"])] == ["mine", "mine-no-evidence"]
    both = catalogue.named(["mine-no-evidence", "mine"])
    assert [one.id for one in both] == ["mine-no-evidence", "mine"]


def test_a_week_asks_thirty_incidents_at_most_and_each_day_its_share(catalogue: Catalogue) -> None:
    """The same ones in every run and in any order of the pack; a full candidate asks all."""
    mine, control = catalogue
    many = {day: [f"inc-{day}-{n}" for n in range(70)] for day in WEEK}
    asked = {day: asked_incidents(control, day, ids) for day, ids in many.items()}
    assert [len(ids) for ids in asked.values()] == [4, 4, 4, 5, 4, 4, 5]
    again = asked_incidents(control, WEEK[0], many[WEEK[0]][::-1])
    assert again == asked[WEEK[0]][::-1]
    assert asked[WEEK[0]] == sorted(asked[WEEK[0]], key=many[WEEK[0]].index)
    assert asked_incidents(control, WEEK[0], ["a", "b"]) == ["a", "b"]
    assert asked_incidents(mine, WEEK[0], many[WEEK[0]]) == many[WEEK[0]]


def test_fewer_incidents_than_days_are_asked_on_some_days() -> None:
    control = Candidate(
        id="x", model="m", base_url="http://h/v1", prompt_variant="no_evidence",
        incidents_per_week=2,
    )  # fmt: skip
    assert [len(asked_incidents(control, day, ["a", "b"])) for day in WEEK] == [0, 0, 0, 1, 0, 0, 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            ENTRY + "  incidents_per_week: 5\n",
            ("incidents_per_week", "prompt_variant: no_evidence"),
        ),
        (
            ENTRY + "  prompt_variant: no_evidence\n  no_evidence: true\n",
            ("replayed with evidence", "remove it"),
        ),
        (
            ENTRY.replace("vendor/model", "rules-baseline") + "  no_evidence: true\n",
            ("replayed with evidence",),
        ),
        (
            ENTRY.replace("mine", "m" * 52) + "  no_evidence: true\n",
            ("too long for no_evidence", "63"),
        ),
        (
            ENTRY + "  no_evidence: true\n" + ENTRY.replace("mine", "mine_no_evidence"),
            ("'mine-no-evidence' and 'mine_no_evidence'", "rename one"),
        ),
    ],
)
def test_a_control_that_can_not_be_is_refused(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    message = refusal(tmp_path, text)
    assert all(one in message for one in words), message
