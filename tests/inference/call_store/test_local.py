"""Kept calls in files: their names, and damaged or empty files."""

import json
from pathlib import Path

import pytest

from replay_assets.errors import JournalError
from replay_assets.inference.call_store import LocalCallStores
from replay_assets.inference.call_store.local import CALLS_FILE, JOURNAL_FILE, LOCK_FILE
from tests.inference.call_store.test_store import OTHER, WORK, keep, reused
from tests.inference.calls import answered

ASIDE = "replay_calls.aside-1.jsonl"
EARLIER_JOURNAL = (
    '{"crc32":"906019d4","record":{"format":1,"pack_digest":"1","refresh":false}}\n'
    '{"crc32":"534fc2ea","record":{"key":"k","outcome":"answered","completion":{"content"'
    ':"{}","reasoning":"so","refusal":null,"finish_reason":"stop","usage":{"prompt_tokens'
    '":10,"completion_tokens":2,"total_tokens":12,"reasoning_tokens":null,"cached_tokens"'
    ':null},"attempts":[{"status":200,"outcome":"answered","wait_ms":1.5,"latency_ms":20.'
    '0,"ttft_ms":null,"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12'
    ',"reasoning_tokens":null,"cached_tokens":null},"cost_usd":0.5,"possibly_paid":false,'
    '"charged_usd":0.5}],"response_mode":"json_object"},"error":null,"attempts":[],"queue'
    '_ms":0.0,"cached":false}}\n'
)
"""A journal that an earlier release wrote: its interrupted run can be resumed."""


@pytest.fixture
def stores(tmp_path: Path) -> LocalCallStores:
    """Kept calls below the test's folder."""
    return LocalCallStores(tmp_path / "calls", cache=tmp_path / "cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder with the calls of the only work."""
    folder = tmp_path / "calls" / WORK
    folder.mkdir(parents=True)
    return folder


def names(folder: Path) -> set[str]:
    """The files of a folder, without the lock file."""
    return {path.name for path in folder.iterdir()} - {LOCK_FILE}


def test_the_files_have_the_names_of_earlier_releases(
    stores: LocalCallStores, folder: Path
) -> None:
    """A run that was interrupted under an earlier release can be resumed under this one."""
    keep(stores, "a", finish=False)
    assert names(folder) == {"replay_journal.jsonl"}
    keep(stores, "a")
    assert names(folder) == {"replay_calls.jsonl"}
    keep(stores, "a", subject=OTHER)
    assert names(folder) == {"replay_calls.jsonl", ASIDE}


@pytest.mark.parametrize("refresh", [False, True], ids=["rerun", "refresh"])
@pytest.mark.parametrize("name", [CALLS_FILE, ASIDE])
def test_a_damaged_header_is_an_error_and_the_file_is_not_changed(
    stores: LocalCallStores, folder: Path, name: str, refresh: bool
) -> None:
    """The calls after it were paid for."""
    keep(stores, "a", "b", subject=OTHER)
    keep(stores, "a")
    damaged = (folder / name).read_bytes().replace(b"format", b"fornat", 1)
    (folder / name).write_bytes(damaged)
    with pytest.raises(JournalError, match=rf"{name}, line 1: damaged.*move it away"):
        reused(stores, "a", refresh=refresh)
    assert (folder / name).read_bytes() == damaged


def test_an_empty_file_counts_as_missing(stores: LocalCallStores, folder: Path) -> None:
    """It contains nothing that was paid for."""
    for name in (CALLS_FILE, JOURNAL_FILE):
        (folder / name).touch()
    assert reused(stores, "a") == ""
    keep(stores, "a")
    assert names(folder) == {CALLS_FILE}
    assert reused(stores, "a") == "a"


def test_a_run_of_an_earlier_release_is_resumed(stores: LocalCallStores, folder: Path) -> None:
    """Its answered question is not asked again, and its cost counts in the run's budget."""
    (folder / JOURNAL_FILE).write_text(EARLIER_JOURNAL)
    with stores.open(WORK, {"pack_digest": "1"}) as kept:
        assert kept.spent_usd == 0.5
        found = kept.answer_of("k")
    assert (folder / JOURNAL_FILE).read_text() == EARLIER_JOURNAL
    assert found is not None
    assert found.completion is not None
    assert (found.completion.content, found.cached) == ("{}", False)
    record = json.loads(found.encoded())
    assert record["completion"].pop("calls") == []  # earlier releases asked with no tools
    assert record in [json.loads(line).get("record") for line in EARLIER_JOURNAL.splitlines()]


def test_a_damaged_answer_of_the_cache_is_asked_again(
    stores: LocalCallStores, tmp_path: Path
) -> None:
    """And replaced by the new answer."""
    cache = stores.cache_of("1")
    cache.put([answered("a", "cached")])
    (entry,) = (tmp_path / "cache").rglob("*.json")
    entry.write_bytes(entry.read_bytes().replace(b"cached", b"cashed"))
    assert cache.get("a") is None
    cache.put([answered("a", "anew")])
    assert cache.get("a") is not None
