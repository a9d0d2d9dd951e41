"""The assets of the fine-tune stage: a week's training files."""

from dataclasses import replace

import dagster as dg

from replay_assets.candidates import Catalogue
from replay_assets.contracts.export_policy import ExportPolicy
from replay_assets.contracts.export_row import TrainingLanguage
from replay_assets.defs.jobs import follow_days
from replay_assets.defs.keys import key_of, sanitizing_version
from replay_assets.defs.materializing import materialize
from replay_assets.defs.metadata import Metadata, bars
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import (
    AnswerVocabulary,
    IncidentSource,
    OutboundSafeguards,
    Root,
    Source,
)
from replay_assets.finetune.week import WeekExport
from replay_assets.finetune.writing.export import CODE_VERSION, is_data
from replay_assets.lake import Asset, Lineage, Published, assets
from replay_assets.lake.digests import digest_of
from replay_assets.sanitizing import RuleSet, rules_digest
from replay_assets.source import FINETUNE_EXPORTS, ExportLogEntry, record_export

GROUP = "finetune"
DESCRIPTIONS = {
    assets.SFT_EXPORT: "Answers to learn, sanitized, in each flavour of training files: what "
    "production did in incidents with verified repairs, replay answers that were right, and "
    "answers that operators confirmed. Reasoning known to be wrong, failed repairs, unsafe "
    "decisions and groups reserved for evaluation are left out and counted. Answers of baselines "
    "are never used.",
    assets.PREFERENCE_EXPORT: "Better and worse answers to the same prompt (DPO), and single "
    "answers that are wanted or not (KTO), sanitized, in each flavour of training files.",
}


def build_assets(
    partitions: Partitions,
    rules: RuleSet,
    catalogue: Catalogue,
    policy: ExportPolicy,
    language: TrainingLanguage,
) -> list[dg.AssetsDefinition]:
    """Return the weekly exports for fine-tuning; their version depends on rules and settings."""
    settings = digest_of(policy.model_dump(mode="json"))[:12]
    version = sanitizing_version(f"{CODE_VERSION}.{language}.{settings}", rules)
    return [
        _build(asset, partitions, catalogue, policy, language, version)
        for asset in (assets.SFT_EXPORT, assets.PREFERENCE_EXPORT)
    ]


def _build(
    asset: Asset,
    partitions: Partitions,
    catalogue: Catalogue,
    policy: ExportPolicy,
    language: TrainingLanguage,
    version: str,
) -> dg.AssetsDefinition:
    learned = [candidate.id for candidate in catalogue if not candidate.baseline]
    candidates = {candidate.id: candidate.digest() for candidate in catalogue}

    @dg.asset(
        name=asset.name,
        description=DESCRIPTIONS[asset],
        partitions_def=partitions.weekly,
        group_name=GROUP,
        owners=["team:ml"],
        kinds={"jsonl"},
        deps=[
            *(partitions.days(key) for key in _inputs(asset, catalogue)),
            *map(key_of, asset.after),
        ],
        automation_condition=follow_days(),
        code_version=version,
    )
    def export(
        context: dg.AssetExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        source: IncidentSource,
        vocabulary: AnswerVocabulary,
        safeguards: OutboundSafeguards,
    ) -> dg.MaterializeResult[None]:
        recorded_in: dict[str, str | None] = {}

        def export_week(week: str) -> Published:
            lineage = Lineage(
                lake=lake,
                evidence=evidence,
                labels=labels,
                vocabulary=vocabulary,
                rules=rules_digest(safeguards.rules),
                candidates=candidates,
            )
            week_export = WeekExport(lake, lineage, learned, policy, safeguards.policy(), language)
            published, entries = week_export.publish(asset, week)
            recorded_in[week] = _record(context, entries, published, source)
            return published

        def describe(published: Published) -> Metadata:
            return _metadata(published, recorded_in[published.address.key])

        return materialize(context, export_week, describe)

    return export


def _inputs(asset: Asset, catalogue: Catalogue) -> list[dg.AssetKey]:
    shared = [key_of(one) for one in (*asset.inputs, *asset.optional) if not one.per_candidate]
    each = [key_of(one, who.id) for who in catalogue for one in asset.inputs if one.per_candidate]
    return [*shared, *each]


def _record(
    context: dg.AssetExecutionContext,
    entries: list[ExportLogEntry],
    published: Published,
    source: Source,
) -> str | None:
    """Record the files in the source database; return where, None if there was nothing."""
    if not entries:
        return None
    with source.open() as database:
        for entry in entries:
            refused = record_export(database, replaced_path(entry, published))
            if refused is not None:
                context.log.warning(
                    "%s was not written: %s. The rows are stored in %s.",
                    FINETUNE_EXPORTS.name,
                    refused,
                    published.path_of(assets.EXPORT_LOG_FILE),
                )
                return f"the lake only: {refused}"
    return FINETUNE_EXPORTS.name


def replaced_path(entry: ExportLogEntry, published: Published) -> ExportLogEntry:
    """Return an entry with the complete path of its file, as the source database records it."""
    return replace(entry, file_path=published.path_of(entry.file_path))


def _metadata(published: Published, recorded_in: str | None) -> Metadata:
    files = [name for name in published.names(".jsonl") if is_data(name)]
    return {
        "training_file": dg.MetadataValue.path(published.path_of(files[0])) if files else "none",
        **({} if recorded_in is None else {"recorded_in": recorded_in}),
        "left_out": bars(published.facts["left_out"], "left out"),
        "rows_by_file": bars(published.facts["rows_by_file"], "rows by file"),
    }
