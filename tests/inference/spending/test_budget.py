"""Money: prices by kind and day, what is reserved, what is charged, and what is not sent."""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from replay_assets.candidates.catalogue import Catalogue
from replay_assets.contracts.result import Usage
from replay_assets.errors import ConfigurationError, JournalError
from replay_assets.inference.call.call import Call
from replay_assets.inference.call.completion import Completion
from replay_assets.inference.call.failures import BudgetExhaustedError, CallFailedError
from replay_assets.inference.chat.client import ChatClient
from replay_assets.inference.spending import Ledger, MemoryLedger, RunBudget
from replay_assets.inference.spending.sql_ledger import SqlLedger
from replay_assets.inference.throttling import InProcessLimits
from tests.inference.calls import attempt
from tests.inference.scripted_server import MESSAGES, Script, ask, candidate, completion, status
from tests.inference.spending.full_disk import full_disk

DAY = date(2026, 9, 21)


PRICES = {"input": 1.0, "output": 100.0}
HIGHEST_USD = 900 * 100 / 1e6
"""The price of the longest answer's output; the prompt adds less than a thousandth of it."""


def usage(**tokens: int) -> Usage:
    """Tokens of a call."""
    return Usage(**tokens)


@pytest.mark.parametrize(
    ("prices", "tokens", "dollars"),
    [
        (PRICES, {"prompt_tokens": 1000, "completion_tokens": 100}, 0.011),
        ({**PRICES, "cached": 0.1}, {"prompt_tokens": 1000, "completion_tokens": 0,
          "cached_tokens": 400}, 0.00064),
        ({**PRICES, "reasoning": 10.0}, {"prompt_tokens": 0, "completion_tokens": 100,
          "reasoning_tokens": 60}, 0.0046),
        (PRICES, {"prompt_tokens": 10}, None),
    ],
    ids=["plain", "cached", "reasoning", "unknown"],
)  # fmt: skip
def test_each_kind_of_token_has_its_price(
    prices: dict[str, float], tokens: dict[str, int], dollars: float | None
) -> None:
    """Prompt tokens include cached ones, completion tokens reasoning: each is counted once."""
    price = candidate("http://h/v1", prices_usd_per_million=prices).prices_on(DAY)
    assert price is not None
    found = price.cost_usd(usage(**tokens))
    assert found == (dollars if dollars is None else pytest.approx(dollars))


def test_prices_apply_from_a_day_on(tmp_path: Path) -> None:
    """A report of an old week keeps the prices of that week."""
    path = tmp_path / "candidates.yaml"
    path.write_text(
        "- id: mine\n  model: m\n  base_url: http://h/v1\n  budget_usd: {run: 1, day: 5}\n"
        "  prices_usd_per_million:\n"
        "    - {from: 2026-01-01, input: 1, output: 1}\n"
        "    - {from: 2026-09-21, input: 2, output: 2, cached: 0.5}\n"
    )
    mine = Catalogue.load(path).get("mine")
    prices = [mine.prices_on(day) for day in (date(2025, 1, 1), date(2026, 9, 20), DAY)]
    assert [price and price.input for price in prices] == [None, 1, 2]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("budget_usd: 5", "needs prices_usd_per_million"),
        ("prices_usd_per_million: []", "needs prices in the order"),
        ("budget_usd: {}", "name run, day or both"),
        ("budget_usd: -1", "greater than 0"),
        (
            "prices_usd_per_million: [{from: 2026-02-01, input: 1, output: 1}, "
            "{from: 2026-01-01, input: 1, output: 1}]",
            "needs prices in the order",
        ),
    ],
)
def test_a_budget_that_cannot_be_kept_is_refused(tmp_path: Path, line: str, says: str) -> None:
    """When the catalogue is read, not after money was spent."""
    path = tmp_path / "candidates.yaml"
    path.write_text(f"- id: mine\n  model: m\n  base_url: http://h/v1\n  {line}\n")
    with pytest.raises(ConfigurationError, match=says):
        Catalogue.load(path)


def spend(
    server: Script, times: int, *, ledger: Ledger | None = None, spent_usd: float = 0.0, **more: Any
) -> list[Completion | CallFailedError]:
    """Ask many times with a budget; return how each ended."""

    async def run() -> list[Completion | CallFailedError]:
        one = candidate(server.base_url, prices_usd_per_million=PRICES, **more)
        client = ChatClient(
            one, api_key=None, ledger=ledger, spent_usd=spent_usd, limits=InProcessLimits()
        )
        async with client:
            calls = (client.complete(MESSAGES) for _ in range(times))
            ended = await asyncio.gather(*calls, return_exceptions=True)
            return [end for end in ended if isinstance(end, Completion | CallFailedError)]

    return asyncio.run(run())


def answered(ended: list[Completion | CallFailedError]) -> int:
    """How many were answered; the others were not sent because the budget was used up."""
    failed = [end for end in ended if not isinstance(end, Completion)]
    assert all(isinstance(end, BudgetExhaustedError) for end in failed)
    return len(ended) - len(failed)


def test_a_run_stops_at_its_budget_and_no_call_could_exceed_it(server: Script) -> None:
    """Answers cost a tenth of what is reserved; when a call ends, the rest is free again."""
    server.answers(completion("x", usage=(1, 90), delay_s=0.01))
    ended = spend(server, 40, budget_usd=2.5 * HIGHEST_USD)
    assert answered(ended) == len(server.bodies) == 15
    assert server.most_at_once <= 2


def test_an_answer_that_is_longer_than_allowed_is_reserved_from_then_on(server: Script) -> None:
    """Some providers do not count reasoning as a part of max_tokens."""
    reasoning = {"prompt_tokens": 1, "completion_tokens": 900, "total_tokens": 1801}
    server.answers(completion("x", usage=reasoning))
    ended = spend(server, 9, budget_usd=5.9 * HIGHEST_USD, limits={"concurrency": 1})
    assert answered(ended) == len(server.bodies) == 2


def test_what_earlier_parts_of_a_run_have_spent_counts(server: Script) -> None:
    """A run that is resumed has one budget, not two."""
    server.answers(completion("x", usage=(0, 90)))
    ended = spend(server, 5, budget_usd=2 * HIGHEST_USD, spent_usd=1.5 * HIGHEST_USD)
    assert answered(ended) == 0
    assert server.bodies == []


@pytest.mark.usefixtures("no_waits")
def test_an_attempt_that_may_have_been_paid_is_charged_at_its_highest(server: Script) -> None:
    """After an invalid response body the model may have run."""
    server.answers(status(200, "{"), completion("x", usage=(0, 90)))
    (end,) = spend(server, 1, budget_usd=1.5 * HIGHEST_USD)
    assert isinstance(end, BudgetExhaustedError)
    (attempt,) = end.attempts
    assert attempt.possibly_paid
    assert attempt.cost_usd == pytest.approx(HIGHEST_USD, rel=0.01)


def test_runs_of_a_day_share_its_budget(server: Script, tmp_path: Path) -> None:
    """Seven days of a week are seven runs."""
    server.answers(completion("x", usage=(0, 900)))
    counts = []
    for _ in range(3):
        with closing(SqlLedger.in_folder(tmp_path)) as ledger:
            ended = spend(server, 2, ledger=ledger, budget_usd={"day": 3.5 * HIGHEST_USD})
            counts.append(answered(ended))
    assert counts == [2, 1, 0]


def test_unknown_usage_is_charged_and_reported_as_unknown(server: Script) -> None:
    """The cost is None in the result, and the highest price in the budget."""
    server.answers(completion("x", usage=None))
    ended = spend(server, 3, ledger=MemoryLedger(), budget_usd=2.5 * HIGHEST_USD)
    assert answered(ended) == 2
    assert [end.cost_usd for end in ended if isinstance(end, Completion)] == [None, None]


def test_unknown_usage_counts_when_a_run_is_resumed(server: Script) -> None:
    """The amount that was charged is kept with the call."""
    server.answers(completion("x", usage=None))
    answer = ask(server, prices_usd_per_million=PRICES)
    kept = Call.decoded(Call(key="k", outcome="answered", completion=answer).encoded())
    assert answer.cost_usd is None
    assert kept.spent_usd == pytest.approx(HIGHEST_USD, rel=5e-3)
    assert replace(kept, cached=True).spent_usd == 0
    earlier = Call(key="k", outcome="not_sent", attempts=(attempt(cost_usd=0.25),))
    assert earlier.spent_usd == 0.25


def test_an_answer_is_not_lost_if_the_disk_is_full(tmp_path: Path, server: Script) -> None:
    """Its cost can't be written, but it is returned; the next attempt ends the run."""
    server.answers(completion("paid for", delay_s=0.3), "never")
    one = candidate(server.base_url, prices_usd_per_million=PRICES, budget_usd={"day": 5})

    async def run(ledger: Ledger) -> Completion:
        async with ChatClient(one, api_key=None, ledger=ledger, limits=InProcessLimits()) as client:
            ledger.reserve(DAY, "another", 0.1, limit_usd=None)
            asking = asyncio.create_task(client.complete(MESSAGES))
            while not server.bodies:
                await asyncio.sleep(0.001)
            with full_disk():
                answer = await asking
            with pytest.raises(JournalError, match="can't be written"):
                await client.complete(MESSAGES)
            return answer

    with closing(SqlLedger.in_folder(tmp_path)) as ledger:
        assert asyncio.run(run(ledger)).content == "paid for"
    assert len(server.bodies) == 1


def test_a_budget_cannot_be_kept_on_a_day_without_a_price() -> None:
    """Prices may begin later than the run."""
    later = {"from": "2999-01-01", **PRICES}
    one = candidate("http://h/v1", prices_usd_per_million=[later], budget_usd=1)
    budget = RunBudget(one, ledger=None, spent_usd=0.0, timezone="Asia/Taipei")
    with pytest.raises(BudgetExhaustedError, match="no price"):
        asyncio.run(budget.reserve(prompt_tokens=1, completion_tokens=1))
