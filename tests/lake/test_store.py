"""A partition is complete or absent; our store and other tools can read it."""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from replay_assets.errors import ContractError, NotMaterializedError, UnknownVersionError
from replay_assets.lake import files
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import MANIFEST_FILE, UNFINISHED_FILE
from replay_assets.lake.files import sha256
from replay_assets.lake.store import Publication, Store

DAY = Address("request_pack", "2026-09-21")
PACK = Publication(
    tables={"pack_rows": pa.table({"incident_id": ["inc-1", "inc-2"]})},
    files={"request_pack.jsonl": b'{"n":1}\n{"n":2}\n', "audit.json": b"{}\n"},
    inputs={"incident_evidence": "abc"},
    facts={"requests": 2},
    code_version="7",
)
PUBLISH_FOR_EVER = """
import itertools, sys
import pyarrow as pa
from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Publication, Store
store = Store(sys.argv[1])
for n in itertools.count():
    store.publish(
        Address("request_pack", "2026-09-21"),
        Publication(
            tables={name: pa.table({"n": [n] * 1000}) for name in "abc"},
            files={"request_pack.jsonl": b"{}\\n" * n},
        ),
    )
    print("published", flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty root."""
    return Store(str(tmp_path))


def test_a_published_partition_reads_back(store: Store):
    """Tables, files, records and facts, after finding the partition again."""
    store.publish(DAY, PACK)
    found = store.get(DAY)
    assert found.rows("pack_rows") == [{"incident_id": "inc-1"}, {"incident_id": "inc-2"}]
    assert found.records("request_pack.jsonl") == [{"n": 1}, {"n": 2}]
    assert found.file("audit.json") == b"{}\n"
    assert found.facts == {"requests": 2}
    assert found.manifest.code_version == "7"


def test_the_manifest_lists_every_file_with_its_true_checksum(store: Store, tmp_path: Path):
    """A person who receives the folder can verify it without this package."""
    made = store.publish(DAY, PACK)
    for entry in made.manifest.files:
        content = (tmp_path / entry.path).read_bytes()
        assert (sha256(content), len(content)) == (entry.sha256, entry.size_bytes)
    on_disk = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert on_disk == {entry.path for entry in made.manifest.files} | {DAY.file(MANIFEST_FILE)}
    assert {Path(e.path).name: e.records for e in made.manifest.files} == {
        "pack_rows.parquet": 2,
        "audit.json": None,
        "request_pack.jsonl": 2,
    }


def test_a_partition_without_manifest_is_absent(store: Store, tmp_path: Path):
    """Tables that a killed run left behind are not trusted."""
    store.publish(DAY, PACK)
    (tmp_path / DAY.file(MANIFEST_FILE)).unlink()
    assert (tmp_path / DAY.table("pack_rows")).is_file()
    assert store.find(DAY) is None


def test_a_missing_partition_says_what_to_materialise(store: Store):
    """The message names the partition, the path and the way out."""
    with pytest.raises(NotMaterializedError) as refusal:
        store.get(DAY)
    assert "request_pack 2026-09-21 has not been materialised" in str(refusal.value)
    assert DAY.file(MANIFEST_FILE) in str(refusal.value)
    assert "backfill" in str(refusal.value)


def test_the_manifest_is_written_last_and_removed_first(store: Store, tmp_path: Path):
    """A publication that fails half-way leaves no partition that looks complete."""
    store.publish(DAY, PACK)
    (tmp_path / DAY.file("request_pack.jsonl")).unlink()
    (tmp_path / DAY.file("request_pack.jsonl")).mkdir()
    with pytest.raises(IsADirectoryError):
        store.publish(DAY, PACK)
    assert store.find(DAY) is None
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.integration
@pytest.mark.parametrize("publications_before_the_kill", [1, 3, 10], ids=lambda n: f"after {n}")
def test_a_killed_publisher_leaves_a_complete_partition_or_none(
    publications_before_the_kill: int, tmp_path: Path
):
    """Every file in a manifest has the checksum that the manifest lists."""
    with subprocess.Popen(
        [sys.executable, "-c", PUBLISH_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for _ in range(publications_before_the_kill):
            assert writer.stdout.readline() == "published\n"
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL, "it was still publishing"
    if (found := Store(str(tmp_path)).find(DAY)) is not None:
        assert len(found.manifest.files) == 4
        for entry in found.manifest.files:
            assert sha256((tmp_path / entry.path).read_bytes()) == entry.sha256


def test_what_a_killed_publisher_left_is_removed_by_the_next_one(tmp_path: Path):
    """Killed after each of its steps: the next set of files is alone, whatever the others had."""
    earlier = Publication(tables={name: pa.table({"n": [1]}) for name in "ab"}, files={"x": b"{}"})
    later = Publication(tables={name: pa.table({"n": [2]}) for name in "bc"}, files={"y": b"{}"})
    steps = 0
    while was_killed_at(steps, tmp_path / str(steps), earlier, later):
        root = tmp_path / str(steps)
        Store(str(root)).publish(DAY, PACK)
        entries = Store(str(root)).get(DAY).manifest.files
        assert names_in(root) == {one.path for one in entries} | {DAY.file(MANIFEST_FILE)}, steps
        steps += 1
    assert steps >= 8, "list, manifest, two files, four new ones"


def test_a_withdrawal_that_was_killed_is_finished_by_the_next_one(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nothing else names the files of a partition that has no manifest."""
    store.publish(DAY, PACK)
    with monkeypatch.context() as patched:
        patched.setattr(files, "remove", stopping_after(files.remove, 1))
        with pytest.raises(KeyboardInterrupt):
            store.withdraw(DAY)
    assert store.find(DAY) is None
    assert len(names_in(tmp_path)) == 4
    store.withdraw(DAY)
    assert names_in(tmp_path) == set()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"files": 3}', b"\xff"])
def test_an_unreadable_list_of_files_does_not_prevent_a_publication(
    store: Store, tmp_path: Path, content: bytes
):
    """As with a manifest that can't be read: the way out of both is to publish again."""
    path = tmp_path / DAY.file(UNFINISHED_FILE)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    store.publish(DAY, PACK)
    assert not path.exists()


def test_withdrawing_what_is_not_there_makes_no_folder(store: Store, tmp_path: Path):
    """Else the day would be listed."""
    store.withdraw(DAY)
    assert list(tmp_path.iterdir()) == []


def names_in(root: Path) -> set[str]:
    """The paths of all files below a root."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def stopping_after(step: Callable[..., None], times: int) -> Callable[..., None]:
    """A step that raises when it was done some times, as if the process was killed there."""
    left = [times]

    def done(*arguments: Any) -> None:
        step(*arguments)
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    return done


def was_killed_at(step: int, root: Path, earlier: Publication, later: Publication) -> bool:
    """Publish one set, then another in a process that ends after a step that changes the disk."""
    Store(str(root)).publish(DAY, earlier)
    child = os.fork()
    if child == 0:
        count = itertools.count()

        def counted(change: Callable[..., Any]) -> Callable[..., Any]:
            def done(*arguments: Any) -> Any:
                found = change(*arguments)
                if next(count) == step:
                    os._exit(9)
                return found

            return done

        files.remove, files.rename = counted(files.remove), counted(files.rename)
        Store(str(root)).publish(DAY, later)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_manifest_of_another_version_is_an_error_not_an_absence(store: Store, tmp_path: Path):
    """If it counted as absent, an older release would overwrite the partition."""
    store.publish(DAY, PACK)
    path = tmp_path / DAY.file(MANIFEST_FILE)
    path.write_text(path.read_text().replace("partition_manifest_v1", "partition_manifest_v9"))
    with pytest.raises(UnknownVersionError, match="'partition_manifest_v9'"):
        store.find(DAY)


def test_publishing_twice_changes_no_byte(store: Store, tmp_path: Path):
    """Same content, same files, same manifest."""
    contents = []
    for _ in range(2):
        store.publish(DAY, PACK)
        files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
        contents.append([(path, path.read_bytes()) for path in files])
    assert contents[0] == contents[1]


def test_pandas_and_duckdb_read_a_table_by_its_folder(store: Store, tmp_path: Path):
    """Two days of two candidates, one of them empty, are one table with partition columns."""
    schema = pa.schema([("incident_id", pa.string()), ("right", pa.bool_())])
    for candidate, day, rows in (
        ("rules-baseline", "2026-09-21", [{"incident_id": "inc-1", "right": True}]),
        ("rules-baseline", "2026-09-22", [{"incident_id": "inc-2", "right": None}]),
        ("nemotron-mini", "2026-09-21", [{"incident_id": "inc-1", "right": False}]),
        ("nemotron-mini", "2026-09-22", []),
    ):
        table = pa.Table.from_pylist(rows, schema=schema)
        store.publish(
            Address("replay_scores", day, candidate=candidate),
            Publication(tables={"replay_scores": table}, files={"audit.json": b"{}"}),
        )
    folder = tmp_path / "tables" / "replay_scores"
    expected = {
        ("inc-1", "rules-baseline", "2026-09-21"),
        ("inc-2", "rules-baseline", "2026-09-22"),
        ("inc-1", "nemotron-mini", "2026-09-21"),
    }
    frame = pd.read_parquet(folder)
    names = ["incident_id", "candidate", "date"]
    assert set(frame[names].astype(str).itertuples(index=False, name=None)) == expected
    query = f"""
        SELECT incident_id, candidate, date::VARCHAR
        FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true)
    """
    with duckdb.connect() as connection:
        assert set(connection.execute(query).fetchall()) == expected


def test_a_store_works_on_an_object_store():
    """The lake may be any fsspec URL."""
    store = Store("memory://lake-of-test-store")
    assert store.find(DAY) is None
    store.publish(DAY, PACK)
    assert store.get(DAY).records("request_pack.jsonl") == [{"n": 1}, {"n": 2}]
    assert store.get(DAY).path_of("audit.json").startswith("memory://lake-of-test-store/files/")


def test_a_root_may_be_any_fsspec_url() -> None:
    """An object store has no rename, but a PUT is atomic."""
    store = Store("memory://lake-of-a-test/prefix")
    address = Address("request_pack", "2026-09-21")
    store.publish(address, Publication(files={"request_pack.jsonl": b'{"a":1}\n'}))
    store.publish(address, Publication(files={"other.jsonl": b""}))
    found = store.get(address)
    assert [entry.path.rpartition("/")[2] for entry in found.manifest.files] == ["other.jsonl"]
    with pytest.raises(NotMaterializedError):
        found.file("request_pack.jsonl")


@pytest.mark.parametrize("content", [b'{"schema_version": "partition_manifest_v0"}', b"no JSON"])
def test_a_partition_of_another_release_can_be_made_again(tmp_path: Path, content: bytes) -> None:
    """Its error says to make it again; an unreadable manifest must not prevent this."""
    store = Store(str(tmp_path))
    address = Address("request_pack", "2026-09-21")
    store.publish(address, Publication())
    (tmp_path / address.file(MANIFEST_FILE)).write_bytes(content)
    with pytest.raises(ContractError):
        store.get(address)
    store.publish(address, Publication(facts={"requests": 1}))
    assert store.get(address).facts == {"requests": 1}
