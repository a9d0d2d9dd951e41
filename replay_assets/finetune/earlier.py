"""What earlier exports have, for the next one: signatures of rows, their clusters and their sides.

An export writes them next to its files, so that no text of another week is read again.
"""

import io
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from replay_assets.contracts.training_manifest import Split, TrainingManifest
from replay_assets.errors import ContractError
from replay_assets.finetune.duplicates.fingerprints import Fingerprints, RowOrigin, combined
from replay_assets.finetune.duplicates.minhash import METHOD, signatures_in
from replay_assets.finetune.selection import Selection
from replay_assets.finetune.split import EarlierRows
from replay_assets.lake import VerifiedFile
from replay_assets.lake.assets import MANIFEST_FILE, TRAINING_MANIFESTS
from replay_assets.lake.formats import decode_json, decode_table
from replay_assets.lake.published import checksum_in

DIGESTS = ("exact", "masked", "masked_questions", "masked_answers")
SIGNATURES = ("texts", "questions", "answers")
METHOD_KEY = b"replay_assets.signatures"


class EarlierExport(NamedTuple):
    """An earlier export: its folder, and its manifest's name there."""

    folder: UPath
    manifest_file: str

    @property
    def manifest(self) -> TrainingManifest:
        """Its manifest."""
        content = self.read(self.manifest_file)
        return TrainingManifest.read(decode_json(content, str(self.folder / self.manifest_file)))

    def read(self, name: str) -> bytes:
        """Return one of its files that has its checksum in its name.

        Raises:
            DamagedFileError: the file is gone, or has other bytes than its name says.
        """
        way_out = (
            f"Restore the file. If there is no copy, remove {self.manifest_file}, in a lake also "
            f"{MANIFEST_FILE} next to it, and export those days again; rows may then be in another "
            "split than before."
        )
        return VerifiedFile(self.folder / name, checksum_in(name), way_out).read()


def signatures_of_export(selection: Selection) -> bytes:
    """Return the signatures of the rows that an export has, as a Parquet file."""
    kept = selection.kept
    rows = selection.rows.take(kept)
    columns: dict[str, object] = {
        name: [getattr(source, name) for source in rows.sources] for name in RowOrigin._fields
    }
    columns |= {name: list(getattr(rows, name)) for name in DIGESTS}
    columns |= {name: [one.tobytes() for one in getattr(rows, name)] for name in SIGNATURES}
    columns["cluster"] = [selection.clusters[row] for row in kept]
    columns["split"] = [selection.splits[row] for row in kept]
    content = io.BytesIO()
    table = pa.table(columns).replace_schema_metadata({METHOD_KEY: METHOD.encode()})
    pq.write_table(table, content, compression="zstd", write_page_checksum=True)
    return content.getvalue()


def earlier_rows(
    exports: Iterable[EarlierExport], alongside: Iterable[EarlierExport] = ()
) -> EarlierRows:
    """Return the rows of earlier exports; an export without rows has no signatures.

    Args:
        exports: the exports whose rows are compared.
        alongside: the exports of which only the sides of scenario groups are read.

    Raises:
        ContractError: signatures of rows to compare were made by another method.
    """
    parts, clusters, splits = [], list[str](), list[Split]()
    for path, table in _tables(exports):
        _require_method(path, table)
        columns = table.to_pydict()
        parts.append(_fingerprints(columns))
        clusters += columns["cluster"]
        splits += columns["split"]
    sides: dict[str, set[Split]] = {}
    for _, table in _tables(alongside):
        columns = table.select(["scenario_group", "incident_id", "split"]).to_pydict()
        names = zip(columns["scenario_group"], columns["incident_id"], strict=True)
        for (group, incident), split in zip(names, columns["split"], strict=True):
            sides.setdefault(group or incident, set()).add(split)
    found = {name: frozenset(sides[name]) for name in sorted(sides)}
    return EarlierRows(combined(parts), tuple(clusters), tuple(splits), found)


def exports_before(
    day: str, folders: Iterable[UPath]
) -> tuple[list[EarlierExport], list[EarlierExport]]:
    """Return the exports in some folders whose first day is before a day, oldest first.

    The second list has those whose first day is that day.
    """
    found = [
        EarlierExport(folder, path.name)
        for folder in folders
        if folder.exists()
        for path in folder.glob(TRAINING_MANIFESTS)
    ]
    earlier = [(one.manifest.week, one.manifest_file, one) for one in found]
    ordered = sorted(earlier, key=lambda item: item[:2])
    before = [one for week, _, one in ordered if week < day]
    return before, [one for week, _, one in ordered if week == day]


def _tables(exports: Iterable[EarlierExport]) -> Iterator[tuple[UPath, pa.Table]]:
    for export in exports:
        if name := export.manifest.signatures_file:
            yield export.folder / name, decode_table(export.read(name))


def _require_method(path: UPath, table: pa.Table) -> None:
    method = (table.schema.metadata or {}).get(METHOD_KEY, b"").decode()
    if method != METHOD:
        raise ContractError(
            f"{path}: its signatures are {method or 'of an unknown method'}, this release "
            f"compares {METHOD}. Make that export again with this release."
        )


def _fingerprints(columns: dict[str, list[Any]]) -> Fingerprints:
    sources = zip(*(columns[name] for name in RowOrigin._fields), strict=True)
    digests = {name: tuple(columns[name]) for name in DIGESTS}
    arrays = {name: signatures_in(columns[name]) for name in SIGNATURES}
    return Fingerprints(sources=tuple(RowOrigin(*one) for one in sources), **digests, **arrays)  # type: ignore[arg-type]
