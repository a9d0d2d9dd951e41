"""The README and LLaMA-Factory's `dataset_info.json` of an export."""

from collections.abc import Mapping
from typing import Any

from replay_assets.contracts.training_manifest import TrainingManifest
from replay_assets.finetune.flavours import BY_NAME
from replay_assets.lake.assets import RESERVED_FILE
from replay_assets.lake.formats import encode_json
from replay_assets.lake.published import HASH_CHARACTERS

README = "README.md"
DATASET_INFO = "dataset_info.json"


def readme(manifest: TrainingManifest, manifest_file: str) -> bytes:
    """Return what a reader of the files needs: what each is for, and how to load it."""
    parts = [
        f"# Training files of {manifest.week}",
        "",
        f"{_count(manifest.rows)} All texts are sanitized. `{manifest_file}` has checksums, "
        "lengths in tokens, and how many rows were left out, by reason. Files without a manifest "
        "belong to an export that was not completed.",
        "",
        "| file | rows | longest row in tokens | rows above 1,024 |",
        "|---|---|---|---|",
        *(
            f"| `{one.file}` | {one.rows} | {one.lengths.max} | {one.lengths.above_1k} |"
            for one in manifest.files
        ),
        "",
        "Trainers cut longer rows without a message: set TRL's `max_length`, which is 1024.",
        "",
    ]
    present = sorted({one.flavour for one in manifest.files}, key=list(BY_NAME).index)
    for name in present:
        flavour = BY_NAME[name]
        parts += [f"## {name}", "", flavour.purpose, ""]
        parts += [f"- {trainer}: {how}" for trainer, how in flavour.loading.items()]
        parts += [f"- pandas: `{_pandas(manifest, name)}`", ""]
    parts += [
        "## Where a row comes from",
        "",
        "Each file has a lineage with the same name and `.lineage.jsonl`: line by line the number "
        "of the row (from 0), its SHA-256, incident, scenario group, session, repair, who said "
        "that it is right or wrong, its weight, and whether it has reasoning. Rows are in the "
        "order of a hash, so that rows of one incident are rarely neighbours.",
        "",
        f"`{RESERVED_FILE}` lists the incidents that must not be trained on, because models are "
        "evaluated on them, and why.",
        "",
        "All weeks of one flavour load together: "
        f'`datasets.load_dataset("json", data_files="*/<flavour>.train.*.{"?" * HASH_CHARACTERS}'
        '.jsonl")` matches no lineage. A folder that was exported to again also has the files of '
        "its earlier exports: name those of the table above.",
        "",
    ]
    return "\n".join(parts).encode()


def dataset_info(manifest: TrainingManifest, earlier: Mapping[str, Any]) -> bytes | None:
    """Return LLaMA-Factory's list of data sets, with those of earlier exports; None if it is empty.

    Args:
        manifest: the export.
        earlier: the list that is in the folder.
    """
    found = dict(earlier)
    for one in manifest.files:
        if info := BY_NAME[one.flavour].dataset_info:
            found[one.file.removesuffix(".jsonl")] = {"file_name": one.file, **info}
    return encode_json(dict(sorted(found.items()))) if found else None


def _count(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{count} rows for {split}" for split, count in rows.items()) + "."


def _pandas(manifest: TrainingManifest, flavour: str) -> str:
    file = next(one.file for one in manifest.files if one.flavour == flavour)
    return f'pd.read_json("{file}", lines=True)'
