"""Writes training files from the lake without Dagster, and judges files."""

from collections.abc import Sequence
from pathlib import Path

import click
from upath import UPath

from replay_assets.candidates import Catalogue
from replay_assets.cli.days import iso_day
from replay_assets.cli.display import console
from replay_assets.contracts.calendar import days_between
from replay_assets.contracts.export_policy import ExportPolicy, load_export_policy
from replay_assets.contracts.vocabulary import load_vocabulary
from replay_assets.errors import NotMaterializedError
from replay_assets.finetune.earlier import exports_before
from replay_assets.finetune.export import Export, Made
from replay_assets.finetune.flavours import flavour_of, flavours_named
from replay_assets.finetune.rules import check_file
from replay_assets.lake import Lineage, Store, assets
from replay_assets.sanitizing import OutboundPolicy, load_canaries, rules_digest, rules_of
from replay_assets.settings import Settings, read_secrets, read_variable

SHOWN_PROBLEMS = 100


def export_days(first: str, last: str, flavours: Sequence[str], out: Path | None) -> None:
    """Write the training files of a range of days, and print what they are.

    Raises:
        NotMaterializedError: no day of the range can be used; the message says why.
    """
    start, end = iso_day(first, "--from"), iso_day(last, "--to")
    if end < start:
        raise click.BadParameter(f"{end} is before --from {start}", param_hint="--to")
    settings = Settings.from_environment()
    policy = load_export_policy(settings.export)
    chosen = flavours_named(flavours or policy.flavours)
    export, unusable = _export(settings, policy, days_between(start, end))
    if not export.days:
        raise NotMaterializedError(
            f"no day from {start} to {end} can be exported: {next(iter(unusable.values()))}. Run "
            f"replay-assets backfill --from {start} --to {end} first."
        )
    folder = UPath((out or settings.data / "exports").absolute())
    earlier, alongside = exports_before(start, [folder])
    made = export.write(
        folder, name="export", day=start, flavours=chosen, earlier=earlier, alongside=alongside
    )
    _show(made, folder, unusable)


def check(file: Path, flavour: str | None) -> bool:
    """Print which lines of a file break a rule; return whether none does."""
    name = flavour or flavour_of(file.name)
    (one,) = flavours_named([name])
    count = 0
    for count, problem in enumerate(check_file(file, one.name), start=1):
        if count <= SHOWN_PROBLEMS:
            console.print(f"{file}: {problem}", markup=False, soft_wrap=True)
    if count > SHOWN_PROBLEMS:
        console.print(f"{file}: {count - SHOWN_PROBLEMS} more", markup=False, soft_wrap=True)
    if not count:
        console.print(f"{file}: keeps the rules of {one.name}", markup=False, soft_wrap=True)
    return not count


def _export(
    settings: Settings, policy: ExportPolicy, days: Sequence[str]
) -> tuple[Export, dict[str, str]]:
    """Return what an export of some days is made from, and why days can't be used."""
    entries = Catalogue.load(settings.candidates, read_variable)
    rules = rules_of(settings.rules)
    lake = Store(settings.lake, settings.timezone)
    lineage = Lineage(
        lake=lake,
        evidence=Store(settings.evidence, settings.timezone),
        labels=Store(settings.labels, settings.timezone),
        vocabulary=load_vocabulary(settings.vocabulary),
        rules=rules_digest(rules),
        candidates={one.id: one.digest() for one in entries.replayed},
    )
    usable = lineage.usable(assets.SFT_EXPORT, days)
    safeguards = OutboundPolicy(
        rules,
        secrets=read_secrets(entries.key_variables),
        canaries=load_canaries(settings.canaries),
    )
    export = Export(
        lineage,
        usable,
        sorted(lake.days_of(assets.INCUMBENT_SCORES.name)),
        lineage.digests(assets.SFT_EXPORT, days),
        [one.id for one in entries.replayed if not one.baseline],
        policy,
        safeguards,
        settings.training_language,
    )
    return export, {day: _why(lineage, day) for day in days if day not in usable}


def _why(lineage: Lineage, day: str) -> str:
    shared = (one for one in assets.SFT_EXPORT.inputs if not one.per_candidate)
    reasons = (lineage.state(one.at(day)).reason for one in shared)
    return next(reason for reason in reasons if reason)


def _show(made: Made, folder: UPath, unusable: dict[str, str]) -> None:
    manifest = made.exported.manifest
    for day, reason in unusable.items():
        console.print(f"left out {day}: {reason}", style="yellow", markup=False, soft_wrap=True)
    for one in manifest.files:
        console.print(f"{folder / one.file} ({one.rows} rows)", markup=False, soft_wrap=True)
    missing = sorted(set(manifest.flavours) - {one.flavour for one in manifest.files})
    for name in missing:
        console.print(f"no row for {name}: no file", markup=False)
    for reason, count in manifest.dropped.items():
        console.print(f"  {count} {reason}", style="yellow", markup=False)
    name = made.exported.manifest_file.path
    console.print(f"manifest {folder / name}", markup=False, soft_wrap=True)
