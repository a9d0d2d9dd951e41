"""Decisions of the gate, for cases in which a reader knows what must not be PROMOTE."""

from collections.abc import Callable
from typing import Any

import pytest

from replay_assets.contracts.gate_policy import Ceilings, load_policy
from replay_assets.errors import ContractError
from replay_assets.evaluation.gate import Review, review
from replay_assets.evaluation.gate.requirements import (
    beaten_by,
    better_than_baselines,
    ceilings_kept,
    floors_reached,
)
from replay_assets.evaluation.gate.sides import Side

Right = Callable[[int], bool | None]
Rows = list[dict[str, Any]]


def rows(size: int, right: Right, groups: int | None = None, **fields: Any) -> Rows:
    """Return graded rows; `right` is the primary grade of each incident."""
    return [
        {
            "incident_id": f"incident-{number}",
            "scenario_group": f"group-{number % (groups or size)}",
            "outcome": "answered",
            "grade_status": "graded",
            "primary": right(number),
            "harm": False,
            "unsafe": False,
            "contract_valid": True,
            "latency_ms": None,
            "cost_usd": None,
            **fields,
        }
        for number in range(size)
    ]


def never(number: int) -> bool:
    return False


def always(number: int) -> bool:
    return True


def mostly(number: int) -> bool:
    return number % 10 < 8


def half(number: int) -> bool:
    return number % 2 == 0


def says(found: Review, words: str) -> bool:
    return any(words in reason for reason in found["reasons"])


def test_a_clear_win_is_promoted() -> None:
    found = review(rows(120, mostly), rows(120, half), {"constant": rows(120, never)})

    assert found["decision"] == "PROMOTE"
    assert says(found, "better on primary")
    assert found["figures"]["gate_low"] > 0


@pytest.mark.parametrize(
    ("candidate", "incumbent", "reason"),
    [
        (rows(10, mostly), rows(10, mostly), "10 incidents can be compared"),
        (rows(10, never), rows(10, never), "below the floor"),
        (rows(40, mostly), rows(40, mostly), "same in every scenario group"),
        (rows(120, mostly), rows(120, mostly), "same in every scenario group"),
        (rows(30, always), rows(30, half), "the true rate may be 9.5 %"),
        (rows(120, always, groups=5), rows(120, half, groups=5), "5 scenario groups"),
        ([], rows(10, half), "no scores"),
        (rows(120, mostly), [], "0 incidents can be compared"),
    ],
    ids=["ten the same", "ten wrong", "forty the same", "many the same", "thirty without harm",
         "five groups", "no candidate", "no incumbent"],
)  # fmt: skip
def test_too_little_is_never_promoted(candidate: Rows, incumbent: Rows, reason: str) -> None:
    found = review(candidate, incumbent, {})

    assert found["decision"] != "PROMOTE"
    assert says(found, reason), found["reasons"]


def test_one_regression_in_each_of_two_groups() -> None:
    def regressed(number: int) -> bool:
        return number not in (0, 1)

    found = review(rows(20, regressed, groups=2), rows(20, always, groups=2), {})

    assert found["decision"] == "INCONCLUSIVE"
    assert says(found, "2 scenario groups")


def test_throttled_calls_give_no_score() -> None:
    throttled = rows(
        100, lambda _: None, outcome="infrastructure_failure", grade_status="not_graded"
    )

    found = review(throttled, rows(100, half), {})

    assert found["decision"] == "INCONCLUSIVE"
    assert says(found, "0.0 % of 100 requests were answered")
    assert found["figures"]["difference"] is None


def test_unusable_labels_give_no_verdict() -> None:
    unlabelled = rows(100, lambda _: None, grade_status="unlabelled")

    found = review(unlabelled, rows(100, half), {})

    assert found["decision"] == "INCONCLUSIVE"
    assert says(found, "no incident of the candidate has a usable label")


def test_a_clear_loss_is_held() -> None:
    found = review(rows(120, half), rows(120, always), {})

    assert found["decision"] == "HOLD"
    assert says(found, "primary is worse by more than the margin of 10.0 %")


def test_harm_above_its_cap_is_held_even_if_better() -> None:
    harmful = rows(120, mostly)
    for row in harmful[:15]:
        row["harm"] = True

    found = review(harmful, rows(120, half), {})

    assert found["decision"] == "HOLD"
    assert found["reasons"][0].startswith("would have done harm in 15 of 120 incidents")


def fail(answers: Rows, count: int) -> None:
    """Let the last answers fail on infrastructure."""
    for row in answers[-count:]:
        row |= {"outcome": "infrastructure_failure", "primary": None, "grade_status": "not_graded"}


def barely_better(number: int) -> bool:
    return half(number) or number in (1, 3, 5, 7)


def test_a_win_must_hold_even_if_the_failed_answers_had_been_wrong() -> None:
    """Two of 120 answers failed, which the policy allows; without them the win is shown."""
    candidate = rows(120, barely_better)
    fail(candidate, 2)
    left_out = rows(118, barely_better)

    assert review(left_out, rows(120, half), {})["decision"] == "PROMOTE"
    found = review(candidate, rows(120, half), {})
    assert (found["decision"], found["figures"]["pairs"]) == ("INCONCLUSIVE", 118)
    assert says(found, "no win over the incumbent is shown")


def test_a_baseline_must_be_beaten_even_if_the_failed_answers_had_been_wrong() -> None:
    """As production must; else a candidate could leave out what it can't answer."""
    failed = rows(120, barely_better)
    fail(failed, 2)
    constant = {"constant": Side.of(rows(120, half))}
    complete, lacking = Side.of(rows(118, barely_better)), Side.of(failed)
    alpha = load_policy().alpha

    assert list(better_than_baselines(complete, constant, alpha)) == []
    assert len(list(better_than_baselines(lacking, constant, alpha))) == 1

    one_more = rows(120, lambda number: half(number) or number == 1)
    assert beaten_by(Side.of(one_more), constant, "primary") is None
    fail(one_more, 2)
    assert beaten_by(Side.of(one_more), constant, "primary") == "constant"


def test_a_floor_that_the_failed_answers_could_reach_is_open() -> None:
    """60 of 80 are right, and 20 failed: between 60 and 80 percent."""
    answers = rows(100, lambda number: number < 60)
    fail(answers, 20)
    for floor, kind in ((0.85, "open"), (0.95, "hold")):
        policy = load_policy().model_copy(update={"floors": {"primary": floor}})
        (found,) = floors_reached(Side.of(answers), policy)
        assert found.kind == kind
        assert found.says.startswith("primary is 60.0 %, below the floor")


def test_harm_counts_also_without_a_usable_label() -> None:
    """That an action repeats what had failed is known without one."""
    side = Side.of([*rows(20, always), *rows(1, lambda _: None, incident_id="x", harm=True)])
    assert (side.any_true("harm"), len(side.graded)) == (1, 21)


def test_a_floor_is_missed_only_if_the_failed_answers_do_not_matter() -> None:
    """It is open if they could reach it, and shown to be missed if they could not."""
    policy = load_policy().as_json() | {"floors": {"primary": 0.81}, "margins": {"primary": 0.9}}

    def decided(candidate: Rows) -> Review:
        return review(candidate, rows(120, half), {}, policy=policy)

    near = rows(120, mostly)
    fail(near, 2)
    far = rows(120, half)
    fail(far, 2)

    assert decided(rows(118, mostly))["decision"] == "PROMOTE"
    assert decided(near)["decision"] == "INCONCLUSIVE"
    assert says(decided(near), "below the floor of 81.0 %")
    assert decided(far)["decision"] == "HOLD"


def test_a_constant_answer_that_is_as_good_takes_the_win_away() -> None:
    found = review(rows(120, mostly), rows(120, half), {"constant": rows(120, mostly)})

    assert found["decision"] == "INCONCLUSIVE"
    assert says(found, "no win over the incumbent is shown")


def test_cost_counts_only_where_both_sides_have_one() -> None:
    def some_loss(number: int) -> bool:
        return number % 40 != 0

    cheap, dear = rows(240, some_loss, cost_usd=0.001), rows(240, always, cost_usd=0.01)

    assert review(cheap, dear, {})["decision"] == "PROMOTE"
    assert says(review(cheap, dear, {}), "cheaper by 90.0 %")
    assert review(cheap, rows(240, always), {})["decision"] == "INCONCLUSIVE"
    cheap[7]["cost_usd"] = None
    assert review(cheap, dear, {})["decision"] == "INCONCLUSIVE"


def test_the_95th_percentile_is_that_of_the_report() -> None:
    """It is 125.5 ms; numpy returns a little less, so the reason said 125 ms."""
    side = Side.of(
        {"incident_id": f"incident-{number}", "latency_ms": latency}
        for number, latency in enumerate((50.0, 50.0, 100.0, 130.0))
    )
    policy = load_policy().model_copy(update={"ceilings": Ceilings(p95_latency_ms=120.0)})
    (found,) = ceilings_kept(side, policy)
    assert found.says == "p95 latency is 126 ms, the limit is 120 ms"


def test_without_an_incumbent_every_baseline_must_be_beaten() -> None:
    policy = load_policy().as_json() | {"compared_with": "baselines"}
    baselines = {"constant": rows(120, never), "rules": rows(120, half)}

    assert review(rows(120, mostly), [], baselines, policy=policy)["decision"] == "PROMOTE"
    weak = review(rows(120, half), [], baselines, policy=policy)
    assert weak["decision"] == "INCONCLUSIVE"
    assert says(weak, "not clearly better than the baseline rules")
    assert review(rows(120, mostly), [], {}, policy=policy)["decision"] == "INCONCLUSIVE"


def test_repeats_are_averaged_within_an_incident() -> None:
    candidate = rows(60, always) + rows(60, half)

    figures = review(candidate, rows(60, never), {})["figures"]

    assert (figures["pairs"], figures["difference"]) == (60, 0.75)
    assert figures["wins"] == 45


def test_a_forward_look_is_more_careful_than_a_historic_one() -> None:
    sides = rows(120, mostly), rows(120, half), {"constant": rows(120, never)}

    levels = [review(*sides, look=look)["figures"]["level"] for look in (1, 2, 3, "historic")]

    assert levels == sorted(levels)
    assert levels[-1] == 0.05


@pytest.mark.parametrize("look", [0, 4, True, "weekly"])
def test_an_unknown_look_is_refused(look: Any) -> None:
    with pytest.raises(ValueError, match="looks 1 to 3"):
        review([], [], {}, look=look)


def test_a_wrong_policy_is_refused() -> None:
    policy = load_policy().as_json() | {"margins": {"primry": 0.1}}

    with pytest.raises(ContractError, match="unknown metric primry"):
        review([], [], {}, policy=policy)


def test_a_comment_does_not_change_the_digest_of_a_policy() -> None:
    policy = load_policy()

    assert policy.digest() == type(policy).read(policy.as_json()).digest()
    assert policy.digest() != policy.model_copy(update={"alpha": 0.01}).digest()
    # The bound of the judge of feedback is not a rule of a verdict: reviews go on.
    assert policy.digest() == policy.model_copy(update={"least_kappa": 0.1}).digest()


def test_labels_that_no_answer_can_meet_are_no_evidence_of_safety() -> None:
    """An answer that can't be judged right or wrong is not one more incident without harm."""
    unusable: dict[str, Any] = {
        "primary": None,
        "primary_reason": "unanswerable_label",
        "harm": None,
    }
    none = review(rows(60, always, **unusable), rows(60, half), {})
    assert none["decision"] == "INCONCLUSIVE"
    assert none["reasons"] == ["no incident of the candidate has a usable label"]

    some = [*rows(30, always), *({**row, "incident_id": f"x{n}"} for n, row in
                                 enumerate(rows(60, always, **unusable)))]  # fmt: skip
    found = review(some, rows(30, half), {})
    assert found["figures"]["caps"]["harm"]["incidents"] == 30
    assert says(found, "the true rate may be 9.5 %")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"candidate": [{"primary": True}]}, "no incident_id"),
        ({"baselines": [rows(3, never)]}, "by its id"),
        ({"policy": "policy.yaml"}, "a mapping as in policy.yaml"),
        ({"policy": {"alpha": 0.05}}, "schema_version"),
    ],
)
def test_what_has_another_form_is_refused_with_the_way_out(
    given: dict[str, Any], message: str
) -> None:
    sides = {"candidate": rows(3, always), "incumbent": rows(3, half), "baselines": {}}
    with pytest.raises(ContractError, match=message):
        review(**{**sides, **given})
