from dataclasses import dataclass, field

from replay_assets.contracts.agent_turn import Touchpoint
from replay_assets.contracts.shields import OnViolation
from replay_assets.replay.agent.shields.shield import (
    PASS,
    Run,
    ShieldContext,
    ShieldResult,
    ends_turn,
    run_shield,
)

CONTEXT = ShieldContext("inc-1")


@dataclass(frozen=True)
class Stub:
    result: ShieldResult | Exception
    name: str = "stub"
    on_violation: OnViolation = "flag"
    touchpoints: frozenset[Touchpoint] = field(default=frozenset({"user-input"}))

    def run(self, text: str, touchpoint: Touchpoint, context: ShieldContext) -> Run:
        if isinstance(self.result, Exception):
            raise self.result
        yield from ()
        return self.result


def result_of(run: Run) -> ShieldResult:
    try:
        question = next(run)
    except StopIteration as end:
        found: ShieldResult = end.value
        return found
    raise AssertionError(f"asked {question}")


def test_a_shield_that_crashes_fails_closed_and_does_not_quote_the_text():
    shield = Stub(ValueError("password of the incident"))
    result = result_of(run_shield(shield, "text", "user-input", CONTEXT))
    assert result.verdict == "failed"
    assert result.is_violation
    assert ends_turn(shield, result)
    assert "password" not in repr(result)


def test_a_shield_that_does_not_run_at_a_touchpoint_says_so():
    result = result_of(run_shield(Stub(PASS), "text", "tool-output", CONTEXT))
    assert (result.verdict, result.findings) == ("not_run", ("does not run at tool-output",))


def test_a_violation_ends_the_turn_only_if_the_catalogue_says_so():
    found = ShieldResult("violation", "no", ("rule",))
    assert not ends_turn(Stub(found), found)
    assert ends_turn(Stub(found, on_violation="end_turn"), found)
