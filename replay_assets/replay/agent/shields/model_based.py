"""A shield that asks a model, as Llama Guard answers: `safe`, or `unsafe` and the categories."""

import re
from collections.abc import Iterable

from replay_assets.contracts.agent_turn import Touchpoint
from replay_assets.contracts.shields import OnViolation
from replay_assets.inference import Call, Question
from replay_assets.replay.agent.shields.shield import PASS, Run, ShieldContext, ShieldResult

EVERYWHERE: frozenset[Touchpoint] = frozenset(
    {"user-input", "tool-input", "tool-output", "assistant-output"}
)
_CATEGORY = re.compile(r"\bS\d{1,2}\b")


class ModelShield:
    """Asks a model whether a text is safe; an answer in another form, or none, fails closed.

    The text is the only message: the endpoint's chat template makes the question of it, as those of
    Llama Guard and its relatives do.

    Args:
        name: the id of the shield's entry in the catalogue.
        on_violation: what a violation does.
        touchpoints: when it runs.
        not_ready: why it can't be asked; None if it can.
    """

    def __init__(
        self,
        name: str,
        on_violation: OnViolation = "end_turn",
        touchpoints: Iterable[Touchpoint] = EVERYWHERE,
        not_ready: str | None = None,
    ) -> None:
        self.name = name
        self.on_violation = on_violation
        self.touchpoints = frozenset(touchpoints)
        self._not_ready = not_ready

    def run(self, text: str, touchpoint: Touchpoint, context: ShieldContext) -> Run:
        """Ask the model, and return what it answers."""
        if self._not_ready is not None:
            return ShieldResult("not_run", findings=(self._not_ready,))
        call = yield Question([{"role": "user", "content": text}], to=(self.name,))
        return self._read(call)

    def _read(self, call: Call) -> ShieldResult:
        completion = call.completion
        if call.outcome == "not_sent":
            return ShieldResult("not_run", findings=("the question was not sent",))
        if completion is None or not completion.content:
            return ShieldResult(
                "failed", f"The shield {self.name} gave no answer.", (call.outcome,)
            )
        verdict, *rest = completion.content.strip().split("\n") or [""]
        if verdict.strip().lower() == "safe":
            return PASS
        if verdict.strip().lower() == "unsafe":
            categories = tuple(dict.fromkeys(_CATEGORY.findall(" ".join(rest)))) or ("unsafe",)
            return ShieldResult("violation", f"The shield {self.name} found it unsafe.", categories)
        unreadable = f"The shield {self.name} answered neither safe nor unsafe."
        return ShieldResult("failed", unreadable, ("unreadable_answer",))
