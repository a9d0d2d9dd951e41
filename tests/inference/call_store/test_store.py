"""Kept calls in every kind of storage: what may be reused, from where, and what is moved aside."""

import asyncio
import threading
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from replay_assets.errors import LockedError
from replay_assets.inference.call.call import Call
from replay_assets.inference.call_store import CallStore, LocalCallStores, MemoryCallStores
from replay_assets.inference.call_store.kept import MOST_ASIDE, KeptCalls, ShelvedCallStores
from replay_assets.inference.call_store.memory import MemoryAnswerCache
from replay_assets.inference.call_store.protocols import AnswerCache, RunName
from tests.inference.calls import answered, attempt, failed

ONE, OTHER = {"pack_digest": "one"}, {"pack_digest": "other"}
WORK = "a-candidate/2026-09-21"


@pytest.fixture(params=["local", "memory"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> ShelvedCallStores:
    """Kept calls of each kind."""
    if request.param == "memory":
        return MemoryCallStores()
    return LocalCallStores(tmp_path / "calls", cache=tmp_path / "cache")


def keep(
    stores: ShelvedCallStores, *keys: str, finish: bool = True, subject: dict[str, str] = ONE
) -> None:
    """Make a run with answers to some keys and a failure for `failed`."""
    with stores.open(WORK, subject) as kept:
        for key in keys:
            kept.append(failed(key) if key == "failed" else answered(key, f"to {key}"))
        if finish:
            kept.finish()


def reused(
    stores: ShelvedCallStores, *keys: str, subject: dict[str, str] = ONE, refresh: bool = False
) -> str:
    """Return the keys that a new run would not ask again."""
    with stores.open(WORK, subject, refresh=refresh) as kept:
        return " ".join(key for key in keys if kept.answer_of(key) is not None)


def runs(stores: ShelvedCallStores) -> set[RunName]:
    """The runs that are kept."""
    shelf = stores.shelf_of(WORK)
    named: list[RunName] = ["journal", "calls"]
    return {run for run in named if shelf.header_of(run) is not None} | {*shelf.asides()}


@pytest.mark.parametrize("finish", [False, True], ids=["interrupted", "finished"])
def test_answers_are_reused_and_failures_asked_again(
    stores: ShelvedCallStores, finish: bool
) -> None:
    """By default, failed questions are asked again."""
    keep(stores, "a", "failed", "b", finish=finish)
    assert reused(stores, "a", "failed", "b", "c") == "a b"


def test_a_finished_run_leaves_its_calls_and_no_journal(stores: ShelvedCallStores) -> None:
    """When the results are complete, the journal is renamed."""
    keep(stores, "a", finish=False)
    assert runs(stores) == {"journal"}
    keep(stores, "b")
    assert runs(stores) == {"calls"}
    assert reused(stores, "a", "b") == "a b"


@pytest.mark.parametrize("finish", [False, True], ids=["interrupted", "finished"])
def test_after_a_change_equal_questions_are_reused(stores: ShelvedCallStores, finish: bool) -> None:
    """Calls of the old subject are moved aside and reused, also after a change back."""
    keep(stores, "a", "b", finish=finish)
    assert reused(stores, "a", "c", subject=OTHER) == "a"
    keep(stores, "c", subject=OTHER)
    assert runs(stores) == {"calls", 1}
    assert reused(stores, "a", "b", "c", subject=OTHER) == "a b c"
    assert reused(stores, "a", "b", "c", subject=ONE) == "a b c"


def test_a_run_with_fewer_questions_keeps_the_answers_of_others(stores: ShelvedCallStores) -> None:
    """The subject is the same: it does not include the number of repeats."""
    keep(stores, "a", "b", "c")
    assert reused(stores, "a") == "a"
    keep(stores)
    assert runs(stores) == {"calls", 1}
    assert reused(stores, "a", "b", "c") == "a b c"
    keep(stores)
    assert runs(stores) == {"calls", 1}


def test_nothing_is_moved_aside_for_failures_or_after_a_refresh(
    stores: ShelvedCallStores,
) -> None:
    """A failure is not an answer, and a refresh is meant to replace the old answers."""
    keep(stores, "a", "failed")
    keep(stores, "a")
    with stores.open(WORK, ONE, refresh=True) as kept:
        kept.append(failed("a"))
        kept.finish()
    assert runs(stores) == {"calls"}


def test_a_reused_answer_is_copied_into_the_journal(stores: ShelvedCallStores) -> None:
    """So the journal is complete, even if the earlier run is removed."""
    keep(stores, "a")
    assert reused(stores, "a", subject=OTHER) == "a"
    stores.shelf_of(WORK).remove("calls")
    assert reused(stores, "a", subject=OTHER) == "a"


def test_a_refresh_asks_everything_again_and_can_be_resumed(stores: ShelvedCallStores) -> None:
    """Questions that an interrupted refresh has an answer to are not asked a third time."""
    keep(stores, "a", "b")
    assert reused(stores, "a", "b", refresh=True) == ""
    with stores.open(WORK, ONE, refresh=True) as kept:
        kept.append(answered("a", "anew"))
    assert reused(stores, "a", "b", refresh=True) == "a"
    assert reused(stores, "a", "b") == "a"
    with stores.open(WORK, ONE) as kept:
        kept.finish()
    assert reused(stores, "a", refresh=True) == ""


def test_a_refresh_does_not_resume_a_run_that_is_not_a_refresh(stores: ShelvedCallStores) -> None:
    """The answers of that run may be old, so they are moved aside."""
    keep(stores, "a", finish=False)
    assert reused(stores, "a", refresh=True) == ""
    assert runs(stores) == {"journal", 1}


@pytest.mark.parametrize("finish", [False, True], ids=["interrupted", "finished"])
def test_the_newest_three_runs_that_were_moved_aside_are_kept(
    stores: ShelvedCallStores, finish: bool
) -> None:
    """Each may be as large as the calls of the results. Higher numbers are newer."""
    for number in range(MOST_ASIDE + 3):
        keep(stores, str(number), finish=finish, subject={"pack_digest": str(number)})
    assert stores.shelf_of(WORK).asides() == [3, 4, 5]
    assert reused(stores, *"012345", subject={"pack_digest": "5"}) == "2 3 4 5"


@pytest.mark.parametrize("finish", [False, True], ids=["interrupted", "finished"])
def test_runs_without_an_answer_are_not_moved_aside(
    stores: ShelvedCallStores, finish: bool
) -> None:
    """Four attempts against an endpoint that is down must not remove what was paid for before."""
    keep(stores, "a", finish=False)
    for number in range(MOST_ASIDE + 1):
        keep(stores, "failed", finish=finish, subject={"pack_digest": str(number)})
    assert stores.shelf_of(WORK).asides() == [1]
    assert reused(stores, "a") == "a"


def test_what_was_paid_before_an_interruption_counts(stores: ShelvedCallStores) -> None:
    """A run that is resumed has one budget; a new run begins at 0."""
    paid = [attempt(cost_usd=0.25), attempt(cost_usd=0.5)]
    with stores.open(WORK, ONE) as kept:
        for number, one in enumerate(paid):
            kept.append(Call(f"k{number}", "infrastructure_failure", attempts=(one,)))
            kept.append(answered(f"k{number}", cached=True))
    with stores.open(WORK, ONE) as kept:
        assert kept.spent_usd == 0.75
        kept.finish()
    with stores.open(WORK, ONE) as kept:
        assert kept.spent_usd == 0


def test_calls_count_in_groups_and_the_remaining_ones_when_settled(
    stores: ShelvedCallStores,
) -> None:
    """In the order in which they were appended."""

    async def first_group(kept: CallStore) -> list[Call]:
        return await anext(aiter(kept.groups()))

    with stores.open(WORK, ONE) as kept:
        kept.append(answered("a"))
        kept.append(failed("b"))
        assert [call.key for call in asyncio.run(first_group(kept))] == ["a", "b"]
        kept.append(answered("c"))
        assert [call.key for call in kept.settle()] == ["c"]
        assert kept.settle() == []


def test_calls_count_if_the_run_ends_while_they_are_shared(stores: ShelvedCallStores) -> None:
    """Writing a large group to the cache takes time."""
    is_shared, may_go_on = threading.Event(), threading.Event()

    class SlowCache(MemoryAnswerCache):
        def put(self, calls: Iterable[Call]) -> None:
            is_shared.set()
            may_go_on.wait(5)
            super().put(calls)

    async def cancel_while_shared(kept: CallStore) -> None:
        counting = asyncio.ensure_future(anext(aiter(kept.groups())))
        await asyncio.to_thread(is_shared.wait, 5)
        counting.cancel()
        may_go_on.set()
        await asyncio.wait([counting])

    shelf, cache = stores.shelf_of(WORK), SlowCache()
    with closing(KeptCalls(shelf, ONE, refresh=False, cache=cache)) as kept:
        kept.append(answered("a"))
        asyncio.run(cancel_while_shared(kept))
        kept.append(answered("b"))
        assert [call.key for call in kept.settle()] == ["a", "b"]
        assert cache.get("b") is not None


def test_only_one_run_at_a_time_can_open_a_work(stores: ShelvedCallStores) -> None:
    """Other works are not locked."""
    with (
        stores.open(WORK, ONE),
        stores.open("a-candidate/2026-09-22", ONE),
        pytest.raises(LockedError, match=f"{WORK}: process"),
        stores.open(WORK, ONE),
    ):
        pass
    assert reused(stores, "a") == ""


@pytest.fixture
def cache(stores: ShelvedCallStores) -> AnswerCache:
    """A cache with one answer."""
    cache = stores.cache_of("1")
    cache.put([answered("a", "cached"), failed("failed")])
    return cache


def test_the_cache_has_answers_only_and_marks_them(
    cache: AnswerCache, stores: ShelvedCallStores
) -> None:
    """The original system also cached failures."""
    found = cache.get("a")
    assert found is not None
    assert (found.cached, found.completion) == (True, answered("a", "cached").completion)
    assert cache.get("failed") is cache.get("b") is None
    assert stores.cache_of("2").get("a") is None


def test_a_failure_that_an_earlier_release_kept_as_an_answer_is_asked_again(
    stores: ShelvedCallStores,
) -> None:
    """Some providers report a failure within a completion."""
    call = answered("a")
    assert call.completion is not None
    call = replace(call, completion=replace(call.completion, finish_reason="network_error"))
    stores.cache_of("1").put([call])
    with stores.open(WORK, ONE, cache_version="1") as kept:
        kept.append(call)
        assert kept.answer_of("a") is None
        kept.finish()
    assert reused(stores, "a") == ""


def test_a_rejection_of_the_last_run_is_known_to_the_next(stores: ShelvedCallStores) -> None:
    """It is asked again, but its second rejection says nothing about the run."""
    with stores.open(WORK, ONE) as kept:
        kept.append(Call(key="a", outcome="request_rejected", error="HTTP 403"))
        assert not kept.was_rejected("a")
        kept.finish()
    with stores.open(WORK, ONE) as kept:
        assert (kept.was_rejected("a"), kept.was_rejected("b")) == (True, False)
        assert kept.answer_of("a") is None


def test_works_share_the_cache_and_a_refresh_does_not_read_it(
    cache: AnswerCache, stores: ShelvedCallStores
) -> None:
    """So days and candidates share answers; a refresh replaces them."""
    with stores.open("one", ONE, cache_version="1") as kept:
        hit = kept.answer_of("a")
        assert hit is not None
        assert kept.get("a") == hit
        kept.append(answered("b"))
        assert [call.key for call in kept.settle()] == ["a", "b"]
    with stores.open("two", ONE, cache_version="1") as kept:
        assert kept.answer_of("b") is not None
    with stores.open("three", ONE) as kept:
        assert kept.answer_of("b") is None
    with stores.open("four", ONE, cache_version="1", refresh=True) as kept:
        assert kept.answer_of("a") is None
        kept.append(answered("a", "anew"))
        kept.settle()
    found = cache.get("a")
    assert found is not None
    assert found.completion is not None
    assert found.completion.content == "anew"
