"""Sets of files named by content: whole or not there, and never overwritten."""

import os
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from upath import UPath

from replay_assets.lake import files
from replay_assets.lake.file_sets import PENDING, file_set
from replay_assets.lake.spool import Spool

NAME = "sft.chat.train.2026-09-28.jsonl"


def publish(folder: Path | UPath, *lines: bytes, lineage: bytes = b"{}") -> list[str]:
    """Publish a set of one file and its lineage; return the names in the folder."""
    with file_set(UPath(folder)) as one:
        data = one.lines(NAME)
        beside = one.lines("x.lineage.jsonl", named_after=data)
        one.lines("empty.jsonl")
        for line in lines:
            data.write(line)
            beside.write(lineage)
        one.publish(
            "manifest.json",
            lambda entries: "\n".join(
                sorted(f"{one.path} {one.sha256}" for one in entries)
            ).encode(),
        )
    return sorted(path.name for path in folder.iterdir())


def test_names_carry_the_hash_of_the_data_and_empty_files_do_not_appear(tmp_path: Path) -> None:
    """The lineage has the name of its data, so that a reader finds it."""
    start = files.sha256(b"{}\n")[:16]
    stem = NAME.removesuffix(".jsonl")
    manifest, *others = publish(tmp_path, b"{}")
    assert manifest.startswith("manifest.")
    assert others == [f"{stem}.{start}.jsonl", f"{stem}.{start}.lineage.jsonl"]


def test_the_same_content_changes_nothing_and_other_content_is_added(tmp_path: Path) -> None:
    """By the time of change of every file."""
    first = publish(tmp_path, b"1")
    times = {name: (tmp_path / name).stat().st_mtime_ns for name in first}
    assert publish(tmp_path, b"1") == first
    second = publish(tmp_path, b"2")
    assert set(first) < set(second)
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in first} == times


def test_other_content_leaves_the_first_in_place_on_an_object_store_too(tmp_path: Path) -> None:
    """A training run can continue to read the older file."""
    folder = UPath(f"memory://{tmp_path.name}")
    first = publish(folder, b"1")
    assert publish(folder, b"1") == first
    assert set(first) < set(publish(folder, b"2"))
    (data,) = (name for name in first if name.startswith("sft") and "lineage" not in name)
    assert (folder / data).read_bytes() == b"1\n"


def test_to_publish_a_set_again_replaces_a_damaged_file(tmp_path: Path) -> None:
    """The errors of readers name this as the way out."""
    first = publish(tmp_path, b"1")
    whole = {name: (tmp_path / name).read_bytes() for name in first}
    for damaged in first:
        (tmp_path / damaged).write_bytes(b"damaged")
        assert publish(tmp_path, b"1") == first
        assert {name: (tmp_path / name).read_bytes() for name in first} == whole


def test_a_lineage_that_changed_gets_a_name_too(tmp_path: Path) -> None:
    """The same rows with another label source: both lineages stay, and both manifests are right."""
    first = publish(tmp_path, b"1")
    second = publish(tmp_path, b"1", lineage=b"[]")
    assert len(second) == len(first) + 2


@pytest.mark.parametrize("place", range(4), ids=["list", "data", "lineage", "manifest"])
@pytest.mark.parametrize("killed", [True, False], ids=["killed", "an error"])
def test_a_crash_at_any_file_leaves_nothing_after_the_next_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool, place: int
) -> None:
    """The files that it had published are removed; those of whole exports stay."""
    whole = publish(tmp_path, b"1")
    real, published = files.StagedFile.publish, count()

    def stop(self: files.StagedFile) -> None:
        if next(published) == place:
            if killed:
                os._exit(9)
            raise OSError("no space")
        real(self)

    with monkeypatch.context() as patch:
        patch.setattr(files.StagedFile, "publish", stop)
        if killed:
            if (child := os.fork()) == 0:
                publish(tmp_path, b"1", b"2")
            os.waitpid(child, 0)
            assert len(list(tmp_path.glob(f"{PENDING}*"))) == (place > 0)
            assert len(list(tmp_path.iterdir())) > len(whole)
        else:
            with pytest.raises(OSError, match="no space"):
                publish(tmp_path, b"1", b"2")
            assert sorted(path.name for path in tmp_path.iterdir()) == whole
    assert publish(tmp_path, b"1") == whole


def test_an_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    """Also no hidden file."""
    with suppress(RuntimeError), file_set(UPath(tmp_path)) as one:
        one.lines(NAME).write(b"{}")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_spool_returns_records_in_any_order(tmp_path: Path) -> None:
    """While others are added; nothing of it is seen in its folder."""
    with Spool(UPath(tmp_path)) as spool:
        numbers = [spool.add(text.encode()) for text in ("a", "", "重啟")]
        assert [spool.get(number).decode() for number in reversed(numbers)] == ["重啟", "", "a"]
        assert (spool.add(b"d"), len(spool), spool.get(3)) == (3, 4, b"d")
        assert list(tmp_path.iterdir()) == []
