"""Kept calls: what may be reused, from where, and what is moved aside."""

from contextlib import closing
from pathlib import Path

import pytest

from replay_assets.errors import JournalError
from replay_assets.inference.call_store.cache import AnswerCache
from replay_assets.inference.call_store.store import CALLS_FILE, JOURNAL_FILE, CallStore
from tests.inference.calls import answered, failed

ONE, OTHER = {"pack_digest": "one"}, {"pack_digest": "other"}
ASIDE = "replay_calls.aside-1.jsonl"


def keep(folder: Path, *keys: str, finish: bool = True, subject: dict[str, str] = ONE) -> None:
    """Make a run that was answered to some keys and failed on `failed`."""
    kept = CallStore(folder, subject)
    for key in keys:
        kept.append(failed(key) if key == "failed" else answered(key, f"to {key}"))
    if finish:
        kept.finish()
    kept.close()


def reused(folder: Path, *keys: str, subject: dict[str, str] = ONE, refresh: bool = False) -> str:
    """Return which of some keys a new run would not ask."""
    with closing(CallStore(folder, subject, refresh=refresh)) as kept:
        return " ".join(key for key in keys if kept.answer_of(key) is not None)


def names(folder: Path) -> set[str]:
    """The files of a folder."""
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("finish", [False, True], ids=["interrupted", "finished"])
def test_answers_are_reused_and_failures_asked_again(tmp_path: Path, finish: bool) -> None:
    """Retrying what failed is the default."""
    keep(tmp_path, "a", "failed", "b", finish=finish)
    assert reused(tmp_path, "a", "failed", "b", "c") == "a b"


def test_a_finished_run_leaves_its_calls_and_no_journal(tmp_path: Path) -> None:
    """The journal is gone once the results are whole."""
    keep(tmp_path, "a", finish=False)
    assert names(tmp_path) == {JOURNAL_FILE}
    keep(tmp_path, "b")
    assert names(tmp_path) == {CALLS_FILE}
    assert reused(tmp_path, "a", "b") == "a b"


@pytest.mark.parametrize("finish", [False, True], ids=["interrupted", "finished"])
def test_after_a_change_equal_questions_are_reused(tmp_path: Path, finish: bool) -> None:
    """Old calls are moved aside, and still answer what is asked alike, there and back again."""
    keep(tmp_path, "a", "b", finish=finish)
    assert reused(tmp_path, "a", "c", subject=OTHER) == "a"
    keep(tmp_path, "c", subject=OTHER)
    assert names(tmp_path) == {CALLS_FILE, ASIDE}
    assert reused(tmp_path, "a", "b", "c", subject=OTHER) == "a b c"
    assert reused(tmp_path, "a", "b", "c", subject=ONE) == "a b c"


def test_a_run_that_asks_less_keeps_what_others_were_answered(tmp_path: Path) -> None:
    """Of the same subject: the number of repeats is no part of it."""
    keep(tmp_path, "a", "b", "c")
    assert reused(tmp_path, "a") == "a"
    keep(tmp_path)
    assert names(tmp_path) == {CALLS_FILE, ASIDE}
    assert reused(tmp_path, "a", "b", "c") == "a b c"
    keep(tmp_path)
    assert names(tmp_path) == {CALLS_FILE, ASIDE}


def test_nothing_is_moved_aside_for_failures_or_for_what_was_asked_anew(tmp_path: Path) -> None:
    """A failure is no answer, and a refresh means the answers that it replaces."""
    keep(tmp_path, "a", "failed")
    keep(tmp_path, "a")
    with closing(CallStore(tmp_path, ONE, refresh=True)) as kept:
        kept.append(failed("a"))
        kept.finish()
    assert names(tmp_path) == {CALLS_FILE}


def test_a_reused_answer_is_copied_so_that_the_journal_is_whole(tmp_path: Path) -> None:
    """What it came from may be thrown away."""
    keep(tmp_path, "a")
    assert reused(tmp_path, "a", subject=OTHER) == "a"
    (tmp_path / CALLS_FILE).unlink()
    assert reused(tmp_path, "a", subject=OTHER) == "a"


@pytest.mark.parametrize("refresh", [False, True], ids=["rerun", "refresh"])
@pytest.mark.parametrize("name", [CALLS_FILE, ASIDE])
def test_a_damaged_header_is_refused_and_the_file_left_as_it_is(
    tmp_path: Path, name: str, refresh: bool
) -> None:
    """What it heads was paid for."""
    keep(tmp_path, "a", "b", subject=OTHER)
    keep(tmp_path, "a")
    damaged = (tmp_path / name).read_bytes().replace(b"format", b"fornat", 1)
    (tmp_path / name).write_bytes(damaged)
    with pytest.raises(JournalError, match=rf"{name}, line 1: damaged.*move it away"):
        reused(tmp_path, "a", refresh=refresh)
    assert (tmp_path / name).read_bytes() == damaged


def test_an_empty_file_is_no_file(tmp_path: Path) -> None:
    """Nothing that was paid for stands in it."""
    for name in (CALLS_FILE, JOURNAL_FILE):
        (tmp_path / name).touch()
    assert reused(tmp_path, "a") == ""
    keep(tmp_path, "a")
    assert names(tmp_path) == {CALLS_FILE}
    assert reused(tmp_path, "a") == "a"


def test_a_refresh_asks_everything_again_and_can_be_resumed(tmp_path: Path) -> None:
    """What an interrupted refresh was answered is not asked a third time."""
    keep(tmp_path, "a", "b")
    assert reused(tmp_path, "a", "b", refresh=True) == ""
    with closing(CallStore(tmp_path, ONE, refresh=True)) as kept:
        kept.append(answered("a", "anew"))
    assert reused(tmp_path, "a", "b", refresh=True) == "a"
    assert reused(tmp_path, "a", "b") == "a"
    with closing(CallStore(tmp_path, ONE)) as kept:
        kept.finish()
    assert reused(tmp_path, "a", refresh=True) == ""


def test_a_refresh_does_not_go_on_with_a_run_that_was_none(tmp_path: Path) -> None:
    """Its answers are old ones; they are moved aside."""
    keep(tmp_path, "a", finish=False)
    assert reused(tmp_path, "a", refresh=True) == ""
    assert names(tmp_path) == {JOURNAL_FILE, ASIDE}


@pytest.fixture
def cache(tmp_path: Path) -> AnswerCache:
    """A cache with one answer."""
    cache = AnswerCache(tmp_path / "cache", prompt_version="1")
    cache.put([answered("a", "cached"), failed("failed")])
    return cache


def test_the_cache_holds_answers_only_and_marks_them(cache: AnswerCache, tmp_path: Path) -> None:
    """The original cached its failures."""
    found = cache.get("a")
    assert found is not None
    assert (found.cached, found.completion) == (True, answered("a", "cached").completion)
    assert cache.get("failed") is cache.get("b") is None
    other_words = AnswerCache(tmp_path / "cache", prompt_version="2")
    assert other_words.get("a") is None


def test_a_damaged_entry_is_no_entry(cache: AnswerCache, tmp_path: Path) -> None:
    """It is asked again and written over."""
    (entry,) = (tmp_path / "cache").rglob("*.json")
    entry.write_bytes(entry.read_bytes().replace(b"cached", b"cashed"))
    assert cache.get("a") is None
    cache.put([answered("a", "anew")])
    assert cache.get("a") is not None


def test_runs_share_the_cache_and_a_refresh_only_writes_it(
    cache: AnswerCache, tmp_path: Path
) -> None:
    """Across folders, so across partitions."""
    with closing(CallStore(tmp_path / "one", ONE, cache=cache)) as kept:
        hit = kept.answer_of("a")
        assert hit is not None
        assert kept.get("a") == hit
        kept.append(answered("b"))
        assert [call.key for call in kept.settle()] == ["a", "b"]
    with closing(CallStore(tmp_path / "two", ONE, cache=cache)) as kept:
        assert kept.answer_of("b") is not None
    with closing(CallStore(tmp_path / "three", ONE, cache=cache, refresh=True)) as kept:
        assert kept.answer_of("a") is None
        kept.append(answered("a", "anew"))
        kept.settle()
    found = cache.get("a")
    assert found is not None
    assert found.completion is not None
    assert found.completion.content == "anew"
