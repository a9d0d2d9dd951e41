"""What a manifest says about rows: lengths in tokens, weights; and the files next to it."""

import json
from pathlib import Path

import pytest
from upath import UPath

from replay_assets.contracts.training_manifest import Lengths, Split
from replay_assets.errors import ConfigurationError, DamagedFileError
from replay_assets.finetune.flavours import flavours_named
from replay_assets.finetune.rows import Message, Row, Tool
from replay_assets.finetune.week import log_entries
from replay_assets.finetune.writing.export import Exported, ExportPlan, write_export
from replay_assets.finetune.writing.lengths import (
    LengthStatistics,
    TokenCounter,
    estimated_tokens,
)
from replay_assets.finetune.writing.writer import kto_weights
from replay_assets.lake.files import sha256
from tests.finetune.records import WEEK, a_row


def write(folder: Path, day: str, *splits: Split) -> Exported:
    """Write an export with a row of each split."""
    plan = ExportPlan("export", day, flavours_named(["sft.alpaca", "kto.lf", "kto.trl"]))
    rows = ((a_row(number), split) for number, split in enumerate(splits))
    return write_export(UPath(folder), rows, plan)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a" * 100, 39), ("磁碟已滿", 6.6), ("磁碟 df", 2 * 1.65 + 3 * 0.39), ("é", 0.39)],
)
def test_the_estimate_counts_chinese_and_other_characters(text: str, tokens: float) -> None:
    """A quarter of the characters, the usual estimate, is half of what such texts have."""
    assert estimated_tokens(text) == pytest.approx(tokens)


def test_a_row_is_as_long_as_its_prompt_and_its_longer_answer() -> None:
    """A trainer of pairs cuts each of both."""
    prompt, short, long = (
        Message("user", "a" * 100),
        *(Message("assistant", "b" * size) for size in (100, 1000)),
    )
    row = a_row(kind="pair", prompt=(prompt,), completion=(short,), rejected=(long,))
    assert TokenCounter().tokens(row) == round(0.39 * 1100)
    assert TokenCounter().described.name.startswith("estimate")


def test_lengths_are_percentiles_and_counts_above_limits() -> None:
    """By the nearest rank."""
    statistics = LengthStatistics()
    for length in (*range(1, 101), 1025, 2049, 9000):
        statistics.add(length)
    assert statistics.summary() == Lengths(
        p50=52, p95=98, max=9000, above_1k=3, above_2k=2, above_4k=1, above_8k=1
    )


def test_a_file_that_is_no_tokenizer_is_an_error(tmp_path: Path) -> None:
    """Also if the library that reads one is not installed: the way out is in the message."""
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(ConfigurationError, match=r"tokenizer\.json"):
        TokenCounter(path)


@pytest.mark.parametrize(
    ("wanted", "unwanted", "weights", "interval"),
    [
        (10, 5, (1.0, 2.0), (0.5, 0.6667)),
        (5, 10, (2.0, 1.0), (2.0, 2.6667)),
        (0, 5, (None, None), None),
    ],
)
def test_the_rarer_verdict_weighs_more(
    wanted: int,
    unwanted: int,
    weights: tuple[float | None, float | None],
    interval: tuple[float, float] | None,
) -> None:
    """TRL recommends a weighted ratio from 1 to 4/3; without one of both there is no weight."""
    found = kto_weights({"positive": wanted, "negative": unwanted, "pair": 3})
    assert (found.desirable_weight, found.undesirable_weight) == weights
    assert found.desirable_weight_interval == interval


def test_weights_count_the_rows_of_the_judged_files_only(tmp_path: Path) -> None:
    """A session with tools is to learn too, and in no file of judged answers."""
    with_tools = a_row(2, tools=(Tool("get_logs", "Read logs.", {"type": "object"}),))
    rows: list[tuple[Row, Split]] = [
        (a_row(1), "train"),
        (with_tools, "train"),
        (a_row(3, kind="negative"), "train"),
    ]
    plan = ExportPlan("export", WEEK, flavours_named(["tools.hf", "kto.trl"]))
    manifest = write_export(UPath(tmp_path), rows, plan).manifest
    assert {one.flavour: one.rows for one in manifest.files} == {"tools.hf": 1, "kto.trl": 2}
    assert manifest.kto == kto_weights({"positive": 1, "negative": 1})


def test_a_manifest_counts_rows_by_split_and_names_what_has_none(tmp_path: Path) -> None:
    """A row that three flavours have counts once."""
    manifest = write(tmp_path, WEEK, "train", "train", "validation").manifest
    assert manifest.rows == {"train": 2, "validation": 1}
    assert len(manifest.files) == 6
    assert manifest.incident_ids == ("inc-0", "inc-1", "inc-2")
    empty = write(tmp_path, "2026-09-28").manifest
    assert (empty.files, empty.flavours) == ((), ("sft.alpaca", "kto.trl", "kto.lf"))


def test_a_lineage_that_was_damaged_is_not_recorded_in_the_source(tmp_path: Path) -> None:
    """The row of the export log would name other incidents than the file has."""
    exported = write(tmp_path, WEEK, "train", "train")
    assert log_entries(WEEK, UPath(tmp_path), exported)
    lineage = next(tmp_path.glob("kto.lf.*.lineage.jsonl"))
    lineage.write_bytes(lineage.read_bytes().replace(b"inc-1", b"inc-7"))
    with pytest.raises(DamagedFileError, match=rf"{lineage.name} was changed.* that week again"):
        log_entries(WEEK, UPath(tmp_path), exported)


def test_the_list_for_llama_factory_keeps_earlier_exports(tmp_path: Path) -> None:
    """Its trainer reads one list; every file in it exists, with the columns of its flavour."""
    write(tmp_path, WEEK, "train")
    write(tmp_path, "2026-09-28", "train", "validation")
    found = json.loads((tmp_path / "dataset_info.json").read_text())
    assert len(found) == 6
    for name, entry in found.items():
        assert entry["file_name"] == f"{name}.jsonl"
        first = json.loads((tmp_path / entry["file_name"]).read_text().splitlines()[0])
        assert set(entry["columns"].values()) <= set(first)


def test_the_readme_is_that_of_the_last_export_also_if_it_was_made_before(tmp_path: Path) -> None:
    """One flavour, another one, then the first one again, whose files are all there."""
    exported = [
        write_export(
            UPath(tmp_path),
            [(a_row(), "train")],
            ExportPlan("export", WEEK, flavours_named([name]), reserved=name.encode()),
        )
        for name in ("sft.chat", "sft.alpaca", "sft.chat")
    ]
    assert exported[0] == exported[2]
    text = (tmp_path / "README.md").read_text()
    assert exported[2].manifest_file.path in text
    assert exported[2].manifest.files[0].file in text
    reserved = (tmp_path / "reserved.jsonl").read_bytes()
    assert exported[2].manifest.reserved_digest == sha256(reserved)


def test_the_readme_says_how_to_load_each_file(tmp_path: Path) -> None:
    """By trainer, and that some files have bad answers."""
    manifest = write(tmp_path, WEEK, "train").manifest
    text = (tmp_path / "README.md").read_text()
    for one in manifest.files:
        assert one.file in text
    for word in ("TRL", "LLaMA-Factory", "NeMo", "pd.read_json", "Never use it for supervised"):
        assert word in text
