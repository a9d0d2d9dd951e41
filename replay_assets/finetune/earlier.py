"""What earlier exports have, for the next one: signatures of rows, their clusters and their sides.

An export writes them next to its files, so that no text of another week is read again.
"""

import io
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from replay_assets.contracts.training_manifest import TrainingManifest
from replay_assets.finetune.duplicates.fingerprints import Fingerprints, Source, combined
from replay_assets.finetune.duplicates.minhash import BINS, Signatures
from replay_assets.finetune.selection import Selection
from replay_assets.finetune.split import EarlierRows
from replay_assets.lake.files import read
from replay_assets.lake.formats import decode_json, decode_table

DIGESTS = ("exact", "masked", "masked_questions", "masked_answers")
SIGNATURES = ("texts", "questions", "answers")


class EarlierExport(NamedTuple):
    """An earlier export: its folder, and its manifest's name there."""

    folder: UPath
    manifest_file: str

    @property
    def manifest(self) -> TrainingManifest:
        """Its manifest."""
        path = self.folder / self.manifest_file
        return TrainingManifest.read(decode_json(read(path), str(path)))


def signatures_of_export(selection: Selection) -> bytes:
    """Return the signatures of the rows that an export has, as a Parquet file."""
    kept = selection.kept
    rows = selection.rows.take(kept)
    columns: dict[str, object] = {
        name: [getattr(source, name) for source in rows.sources] for name in Source._fields
    }
    columns |= {name: list(getattr(rows, name)) for name in DIGESTS}
    columns |= {name: [one.tobytes() for one in getattr(rows, name)] for name in SIGNATURES}
    columns["cluster"] = [selection.clusters[row] for row in kept]
    columns["split"] = [selection.splits[row] for row in kept]
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content, compression="zstd", write_page_checksum=True)
    return content.getvalue()


def earlier_rows(exports: Iterable[EarlierExport]) -> EarlierRows:
    """Return the rows of earlier exports; one that no longer has its signatures is left out."""
    parts, clusters, splits = [], list[str](), []
    for export in exports:
        name = export.manifest.signatures_file
        if not name:
            continue
        columns = decode_table(read(export.folder / name)).to_pydict()
        parts.append(_fingerprints(columns))
        clusters += columns["cluster"]
        splits += columns["split"]
    return EarlierRows(combined(parts), tuple(clusters), tuple(splits))


def exports_before(day: str, folders: Iterable[UPath]) -> list[EarlierExport]:
    """Return the exports in some folders whose first day is before a day, oldest first."""
    found = [
        EarlierExport(folder, path.name)
        for folder in folders
        if folder.exists()
        for path in folder.glob("manifest.*.json")
    ]
    earlier = [(one.manifest.week, one.manifest_file, one) for one in found]
    return [one for week, _, one in sorted(earlier, key=lambda item: item[:2]) if week < day]


def _fingerprints(columns: dict[str, list[object]]) -> Fingerprints:
    sources = zip(*(columns[name] for name in Source._fields), strict=True)
    digests = {name: tuple(columns[name]) for name in DIGESTS}
    arrays = {name: _signatures(columns[name]) for name in SIGNATURES}
    return Fingerprints(sources=tuple(Source(*one) for one in sources), **digests, **arrays)  # type: ignore[arg-type]


def _signatures(values: list[object]) -> Signatures:
    content = b"".join(values)  # type: ignore[arg-type]
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, BINS)
