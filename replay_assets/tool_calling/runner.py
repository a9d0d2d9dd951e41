"""Asks one candidate every case, and returns one result per case in the order of the cases."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from replay_assets.candidates import Candidate
from replay_assets.contracts.tool_case import ToolCallingResult, ToolCase
from replay_assets.inference import (
    Batch,
    Dialogue,
    Question,
    Report,
    RunStores,
    SendingGate,
    member_of,
    members_after,
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
    keys: Callable[[str], str | None] = lambda _: None,
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
        keys: reads the key in a variable, for the members of a route; a member without is skipped.
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
            "tool_mode": ",".join(one.tool_mode for one in candidate.members),
            "contract_version": ToolCallingResult.VERSION,
            "prompt_version": PROMPT_VERSION,
        },
        prompt_version=PROMPT_VERSION,
        dialogues=dialogues,
        size=len(cases),
    )
    return run_batch(
        batch,
        list,
        candidate=_as_text(candidate),
        api_key=api_key,
        keys=keys,
        stores=stores,
        gate=gate,
        timezone=timezone,
        refresh=refresh,
        progress=progress,
    )


def cases_digest(cases: Sequence[ToolCase]) -> str:
    """Return the SHA-256 of the content of cases."""
    return digest_of([json.loads(case.model_dump_json()) for case in cases])


def _as_text(candidate: Candidate) -> Candidate:
    """Return a candidate that is asked for no form: else a case without any tool would get one."""
    if candidate.route is not None:
        return candidate.with_members(map(_as_text, candidate.members))
    if candidate.tool_mode == "prompted":
        return candidate
    return candidate.model_copy(update={"response_format": "none"})


def _dialogue(
    case: ToolCase, candidate: Candidate, gate: SendingGate
) -> Dialogue[ToolCallingResult]:
    is_last = not candidate.fallback_on
    first, *others = candidate.members
    forms = {
        one.id: _question(case, one, is_last=is_last)
        for one in others
        if one.tool_mode != first.tool_mode
    }
    question = replace(_question(case, first, is_last=is_last), forms=forms)
    calls = [(yield question)]
    result = result_of(case, calls, candidate, gate.cleaned)
    # Refusals and cut answers are passed on if the route says so.
    while result.outcome in candidate.fallback_on:
        rest = members_after(member_of(calls[-1], candidate), candidate)
        if not rest:
            break
        calls.append((yield replace(question, to=rest)))
        result = result_of(case, calls, candidate, gate.cleaned)
    return result


def _question(case: ToolCase, candidate: Candidate, *, is_last: bool) -> Question:
    prompted = candidate.tool_mode == "prompted"
    messages = messages_of(case, prompted=prompted)
    return Question(messages, is_last=is_last, tools=() if prompted else case.tools)
