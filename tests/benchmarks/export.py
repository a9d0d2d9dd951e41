"""How fast and in how much memory 500,000 rows are rendered into two flavours.

Compared with a bare loop that encodes both flavours from the same prepared rows, with orjson if it
is installed: no lineage, no checksums, no lengths, no manifest; and with that loop taking
the two checksums of each line too, which names of files and lineages need. Twice the bare loop, the
limit of `publication`, is not reached: an export takes 2.3 to 2.7 times as long. Fails above
600 MiB, or above twice the CPU time of the loop with checksums.

Run `python -m tests.benchmarks.export`; a number after it is the number of rows.
"""

import hashlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from upath import UPath

from replay_assets.contracts.training_manifest import Split
from replay_assets.finetune.flavours import BY_NAME, flavours_named
from replay_assets.finetune.rows import Message, Row, decode_row, encode_row
from replay_assets.finetune.writing.export import ExportPlan, write_export
from replay_assets.lake.spool import Spool

ROWS = 500_000
FLAVOURS = ("sft.alpaca", "sft.chat")
LOG = "2026-09-21T06:00:{second:02d}Z web-{number} ERROR pool timed out after 5000 ms\n"
CHINESE = "資料庫連線池耗盡，網頁服務在高峰時段無法取得連線，請檢查連線上限與慢查詢。"
LIMIT_MIB, LIMIT_RATIO = 600, 2.0
TURNS = 3


def prepared(number: int) -> Row:
    """Return a row of about 2 KB: half log, half Chinese, as in the study of writers."""
    log = "".join(LOG.format(second=second, number=number) for second in range(14))
    return Row(
        kind="positive",
        prompt=(Message("system", "Find the cause of the alert."), Message("user", log)),
        completion=(Message("assistant", f"{CHINESE * 9} {number}"),),
        incident_id=f"inc-{number}",
        scenario_group=f"grp-{number % 1000}",
        session_id=f"se-{number}",
        execution_id=f"re-{number}",
        label_source="verified_execution",
        has_reasoning=True,
        at="2026-09-21T06:00:00.000000Z",
        metadata={"incident_id": f"inc-{number}", "alertname": "PoolExhausted", "language": "zh"},
    )


def rows_in(spool: Spool) -> Iterator[tuple[Row, Split]]:
    """Yield the prepared rows in another order than they were written in, as an export does."""
    for number in range(len(spool)):
        yield decode_row(spool.get(number * 7919 % len(spool))), "train"


def bare(spool: Spool, folder: Path) -> None:
    """Write both flavours and nothing else."""
    dumps = encoder()
    renders = [BY_NAME[name].render for name in FLAVOURS]
    with (folder / "a").open("wb", 1 << 20) as first, (folder / "b").open("wb", 1 << 20) as second:
        for row, _ in rows_in(spool):
            for render, file in zip(renders, (first, second), strict=True):
                file.write(dumps(render(row)) + b"\n")


def with_checksums(spool: Spool, folder: Path) -> None:
    """Write the same, with the SHA-256 of each line and of each file, which an export must have."""
    dumps = encoder()
    renders = [BY_NAME[name].render for name in FLAVOURS]
    whole = [hashlib.sha256() for _ in FLAVOURS]
    with (folder / "a").open("wb", 1 << 20) as first, (folder / "b").open("wb", 1 << 20) as second:
        for row, _ in rows_in(spool):
            for render, file, sha256 in zip(renders, (first, second), whole, strict=True):
                line = dumps(render(row))
                hashlib.sha256(line).hexdigest()
                sha256.update(line)
                file.write(line + b"\n")


def encoder() -> Callable[[Any], bytes]:
    """Return the fastest encoder that is installed."""
    if find_spec("orjson"):
        import orjson

        dumps: Callable[[Any], bytes] = orjson.dumps
        return dumps
    return msgspec.json.encode


def exported(spool: Spool, folder: Path) -> None:
    """Write an export of both flavours."""
    plan = ExportPlan("benchmark", "2026-09-21", flavours_named(FLAVOURS))
    write_export(UPath(folder / "export"), rows_in(spool), plan)


def timed(write: Callable[[Spool, Path], None], spool: Spool) -> tuple[float, float]:
    """Return the seconds that writing takes, by the clock and of CPU."""
    with tempfile.TemporaryDirectory() as folder:
        clock, cpu = time.perf_counter(), time.process_time()
        write(spool, Path(folder))
        return time.perf_counter() - clock, time.process_time() - cpu


def main() -> None:
    """Print times, their ratio and the memory of the export."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name, Spool(UPath(name)) as spool:
        for number in range(count):
            spool.add(encode_row(prepared(number)))
        # One next to the other, because other work on the machine slows both.
        writers = (exported, bare, with_checksums)
        turns = [[timed(write, spool) for write in writers] for _ in range(TURNS)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    by = "orjson" if find_spec("orjson") else "msgspec, because orjson is not installed"
    print(f"{count:,} rows; load {os.getloadavg()[0]:.1f}; at most {memory:,.0f} MiB ({LIMIT_MIB})")
    ratio = 0.0
    for place, kind in enumerate(("by the clock", "of CPU")):
        ours, least, hashed = (
            min(turn[side][place] for turn in turns) for side in range(len(writers))
        )
        ratio = ours / hashed
        print(
            f"{kind:12}  export {ours:5.1f} s, bare loop {least:5.1f} s ({by}), ratio "
            f"{ours / least:.2f}; with checksums {hashed:5.1f} s, ratio {ratio:.2f} ({LIMIT_RATIO})"
        )
    if memory > LIMIT_MIB or ratio > LIMIT_RATIO:
        sys.exit("above a limit")


if __name__ == "__main__":
    main()
