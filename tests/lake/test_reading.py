"""Reading what was published: checksums, partitions without a key."""

from pathlib import Path

import pyarrow as pa
import pytest
from upath import UPath

from replay_assets.errors import DamagedFileError, NotMaterializedError
from replay_assets.lake.addresses import Address
from replay_assets.lake.files import sha256
from replay_assets.lake.store import Publication, Store

DAY = Address("request_pack", "2026-09-21")
LINES = [b'{"n":%d}\n' % number for number in range(1_000)]
PACK = Publication(
    tables={"rows": pa.table({"incident_id": ["inc-1"]})},
    files={"request_pack.jsonl": b"".join(LINES)},
)


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty root, on a disk or on another filesystem."""
    return Store(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def damage(store: Store, path: str) -> None:
    """Change the last byte of a file."""
    file = UPath(store.url) / path
    file.write_bytes(file.read_bytes()[:-1] + b"!")


@pytest.mark.parametrize("path", [DAY.file("request_pack.jsonl"), DAY.table("rows")])
def test_a_changed_file_is_rejected_with_name_checksums_and_way_out(store: Store, path: str):
    """Two writers on an object store can mix their files; a disk can flip a bit."""
    made = store.publish(DAY, PACK)
    published = next(entry.sha256 for entry in made.manifest.files if entry.path == path)
    damage(store, path)
    found = sha256((UPath(store.url) / path).read_bytes())
    read = made.table if path.endswith(".parquet") else made.records
    with pytest.raises(DamagedFileError) as refusal:
        read("rows" if path.endswith(".parquet") else "request_pack.jsonl")
    for part in (path, published, found, "materialise request_pack 2026-09-21 again"):
        assert part in str(refusal.value)


def test_a_file_that_is_gone_is_refused_with_name_and_way_out(store: Store):
    """Its partition exists, so that no reader may take it for one that was never made."""
    made = store.publish(DAY, PACK)
    file = made.source_of("request_pack.jsonl")
    file.path.unlink()
    for read in (file.read, file.open):
        with pytest.raises(DamagedFileError, match=r"request_pack\.jsonl does not exist.* again"):
            read()


def test_a_large_file_is_verified_while_it_is_read(store: Store):
    """Lines are yielded while reading; the error at the end stops their use."""
    made = store.publish(DAY, PACK)
    with made.source_of("request_pack.jsonl").open() as stream:
        assert list(stream) == LINES
    damage(store, DAY.file("request_pack.jsonl"))
    read = list[bytes]()
    with (
        pytest.raises(DamagedFileError, match="was changed after it was published"),
        made.source_of("request_pack.jsonl").open() as stream,
    ):
        read.extend(stream)
    with made.source_of("request_pack.jsonl").open() as stream:
        assert stream.readline() == LINES[0], "a reader that stops early is not held up"


def test_a_file_that_the_manifest_does_not_name_is_not_read(store: Store):
    """A file written by another program is not part of a partition."""
    made = store.publish(DAY, PACK)
    (UPath(store.url) / DAY.file("notes.json")).write_bytes(b"{}")
    with pytest.raises(NotMaterializedError, match=r"no file notes\.json; it has rows\.parquet, r"):
        made.file("notes.json")


def test_an_asset_may_have_one_partition_without_a_key(store: Store):
    """A policy or the cases of a benchmark do not belong to a day."""
    address = Address("promotion_policy", grain="none")
    store.publish(address, PACK)
    found = store.get(Address("promotion_policy", grain="none"))
    assert found.rows("rows") == [{"incident_id": "inc-1"}]
    assert address.file("x.json") == "files/promotion_policy/x.json"
    assert address.table("rows") == "tables/rows/rows.parquet"
    assert found.manifest.partition == ""
    assert str(address) == "promotion_policy"
    assert store.days_of("promotion_policy") == []
    store.withdraw(address)
    assert store.find(address) is None


@pytest.mark.parametrize(("key", "grain"), [("", "date"), ("", "week"), ("2026-09-21", "none")])
def test_a_key_that_does_not_fit_the_grain_is_rejected(key: str, grain: str):
    """A folder named `date=` would not be found by any reader."""
    with pytest.raises(ValueError, match=f"grain {grain!r} with the key {key!r}"):
        Address("asset", key, grain=grain)  # type: ignore[arg-type]
