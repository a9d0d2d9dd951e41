"""Asks one candidate every case, and returns one result per case in the order of the cases."""

import json
from collections.abc import Iterator, Sequence

from replay_assets.candidates import Candidate
from replay_assets.contracts.tool_case import ToolCallingResult, ToolCase
from replay_assets.inference import (
    Batch,
    Dialogue,
    Question,
    Report,
    RunStores,
    SendingGate,
    run_batch,
)
from replay_assets.lake.digests import digest_of
from replay_assets.tool_calling.prompts import PROMPT_VERSION, messages_of
from replay_assets.tool_calling.results import result_of


def run_cases(
    cases: Sequence[ToolCase],
    candidate: Candidate,
    *,
    api_key: str | None,
    stores: RunStores,
    work: str,
    gate: SendingGate,
    timezone: str = "UTC",
    refresh: bool = False,
    progress: Report | None = None,
) -> list[ToolCallingResult]:
    """Ask a candidate all cases. Nothing that it calls is executed.

    Args:
        cases: the cases.
        candidate: the candidate; its repeats are not used.
        api_key: its key, if it needs one.
        stores: the stores of calls and spending; answers in them are not asked again.
        work: the name of this run in `stores`.
        gate: checks what is sent.
        timezone: the time zone of the days that prices and budgets refer to.
        refresh: ask all cases again.
        progress: is called with the state of the run each time calls have become durable.

    Raises:
        BatchStoppedError: the run ended early; answers are kept, and the same run continues.
        JournalError: the journal is damaged, or can't be written.
        LockedError: another process does the same work.
    """

    def dialogues() -> Iterator[Dialogue[ToolCallingResult]]:
        return (_dialogue(case, candidate, gate) for case in cases)

    batch = Batch(
        work=work,
        subject={
            "cases_digest": cases_digest(cases),
            "candidate_digest": candidate.digest(),
            "tool_mode": candidate.tool_mode,
            "contract_version": ToolCallingResult.VERSION,
            "prompt_version": PROMPT_VERSION,
        },
        prompt_version=PROMPT_VERSION,
        dialogues=dialogues,
        size=len(cases),
    )
    # Else a case without any tool would be asked for a JSON object.
    as_text = candidate.model_copy(update={"response_format": "none"})
    return run_batch(
        batch,
        list,
        candidate=candidate if candidate.tool_mode == "prompted" else as_text,
        api_key=api_key,
        stores=stores,
        gate=gate,
        timezone=timezone,
        refresh=refresh,
        progress=progress,
    )


def cases_digest(cases: Sequence[ToolCase]) -> str:
    """Return the SHA-256 of the content of cases."""
    return digest_of([json.loads(case.model_dump_json()) for case in cases])


def _dialogue(
    case: ToolCase, candidate: Candidate, gate: SendingGate
) -> Dialogue[ToolCallingResult]:
    prompted = candidate.tool_mode == "prompted"
    question = Question(
        messages_of(case, prompted=prompted),
        is_last=True,
        tools=() if prompted else case.tools,
    )
    call = yield question
    return result_of(case, call, candidate, gate.cleaned)
