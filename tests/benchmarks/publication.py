"""How long publishing a JSONL file takes, compared with a bare loop that writes the same rows.

    python -m tests.benchmarks.publication [--rows 20000]

The bare loop encodes each row with msgspec and writes it with a line feed into a file, which is
synced at the end as ours is. It takes no checksum, no digest and no count. Rows have 2.4 kB, some
of it Chinese, as training rows have. CPU time of the fastest of several turns, one after the
other, because other work on the machine slows both. Fails above a ratio of 2.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from replay_assets.lake.addresses import Address
from replay_assets.lake.store import Store

LIMIT = 2.0
TURNS = 7
WORDS = ("pod", "restarted", "磁碟已滿", "timeout", "10.0.0.5", "OOMKilled", "node", "latency")
Rows = list[dict[str, Any]]


def rows_of(count: int) -> Rows:
    """Return training rows of some 2.4 kB each, the same on every run."""
    chance = random.Random(11)

    def text(words: int) -> str:
        return " ".join(chance.choices(WORDS, k=words))

    return [
        {
            "instruction": text(17),
            "input": text(170),
            "output": text(70),
            "metadata": {
                "incident_id": f"inc-{number}",
                "alertname": "DiskFull",
                "verification_result": "success",
                "collected_at": "2026-09-21T06:00:00+00:00",
                "schema_version": "v1",
                "matched_playbook_id": None,
                "score": 0.75,
            },
        }
        for number in range(count)
    ]


def bare(rows: Rows, folder: Path) -> None:
    """Write rows without taking anything on the way."""
    encode = msgspec.json.Encoder().encode
    with (folder / "rows.jsonl").open("wb") as stream:
        for row in rows:
            stream.write(encode(row))
            stream.write(b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def published(rows: Rows, folder: Path) -> None:
    """Publish rows as a partition."""
    with Store(str(folder)).writing(Address("rows", "2026-09-21")) as partition:
        writer = partition.jsonl("rows.jsonl")
        for row in rows:
            writer.write(row)
        partition.publish(facts={}, inputs={}, code_version="1")


def cpu_s(write: Callable[[Rows, Path], None], rows: Rows) -> float:
    """Return the CPU seconds that writing takes."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        write(rows, Path(folder))
        return time.process_time() - begin


def main() -> None:
    """Measure both, and print microseconds per row and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    rows = rows_of(parser.parse_args().rows)
    size = sum(len(msgspec.json.encode(row)) for row in rows) / len(rows)
    turns = [(cpu_s(bare, rows), cpu_s(published, rows)) for _ in range(TURNS)]
    theirs, ours = (min(times) / len(rows) * 1e6 for times in zip(*turns, strict=True))
    ratio = ours / theirs
    print(f"{len(rows)} rows of {size:.0f} bytes, CPU time per row:")
    print(f"  bare msgspec loop  {theirs:6.2f} us")
    print(f"  publication        {ours:6.2f} us")
    print(f"  ratio              {ratio:6.2f} (limit {LIMIT})")
    sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    main()
