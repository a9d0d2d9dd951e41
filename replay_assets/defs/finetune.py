"""The asset of the fine-tune stage: a week's training file."""

from functools import partial

import dagster as dg

from replay_assets.contracts.export_row import TrainingLanguage
from replay_assets.defs.jobs import follow_days
from replay_assets.defs.keys import inputs_of, sanitizing_version
from replay_assets.defs.materializing import materialize
from replay_assets.defs.metadata import Metadata, bars
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import AnswerVocabulary, Guards, IncidentSource, Root, Source
from replay_assets.finetune import export as export_module
from replay_assets.finetune.export import WeekExport, build_export
from replay_assets.finetune.flavours import LOGGED
from replay_assets.finetune.week import read_week
from replay_assets.lake import Lineage, Published, assets
from replay_assets.sanitizing import RuleSet, rules_digest
from replay_assets.source import record_export

GROUP = "finetune"


def build_asset(
    partitions: Partitions, rules: RuleSet, language: TrainingLanguage
) -> dg.AssetsDefinition:
    """Return the weekly export for fine-tuning; its version depends on rules and language."""
    code_version = f"{export_module.CODE_VERSION}.{language}"
    build = partial(build_export, language=language)

    @dg.asset(
        partitions_def=partitions.weekly,
        group_name=GROUP,
        owners=["team:ml"],
        kinds={"jsonl"},
        deps=[partitions.days(key) for key in inputs_of(assets.SFT_EXPORT)],
        automation_condition=follow_days(),
        code_version=sanitizing_version(code_version, rules),
    )
    def sft_export(
        context: dg.AssetExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        source: IncidentSource,
        vocabulary: AnswerVocabulary,
        safeguards: Guards,
    ) -> dg.MaterializeResult[None]:
        """Sanitized training rows (Alpaca format) from the week's incidents with verified repairs.

        Decisions known to be wrong, failed repairs, unsafe decisions and groups reserved for
        evaluation are left out and counted. Answers of candidates and baselines are never used.
        """
        recorded_in: dict[str, str | None] = {}

        def export_week(week: str) -> Published:
            lineage = Lineage(
                lake=lake,
                evidence=evidence,
                labels=labels,
                vocabulary=vocabulary,
                rules=rules_digest(safeguards.rules),
            )
            found = read_week(week, lineage)
            export = build(
                week, found.evidence, found.scores, found.unusable_days, safeguards.policy()
            )
            address = assets.SFT_EXPORT.at(week)
            published = export.publish(lake, address, inputs=found.inputs)
            recorded_in[week] = _record(context, export, published, source)
            return published

        def describe(published: Published) -> Metadata:
            return _metadata(published, recorded_in[published.address.key])

        return materialize(context, export_week, describe)

    return sft_export


def _record(
    context: dg.AssetExecutionContext, export: WeekExport, published: Published, source: Source
) -> str | None:
    """Record the export in the source database; return where, None if there was nothing."""
    if not export.examples:
        return None
    path, file = published.path_of(LOGGED.file_name), published.entry(LOGGED.file_name)
    entry = export.log_entry(path, sha256=file.sha256, size_bytes=file.size_bytes)
    with source.open() as database:
        refused = record_export(database, entry)
    if refused is None:
        return "finetune_exports"
    context.log.warning(
        "finetune_exports was not written: %s. The row is stored next to %s.", refused, path
    )
    return f"the lake only: {refused}"


def _metadata(published: Published, recorded_in: str | None) -> Metadata:
    files = published.names(".jsonl")
    return {
        "training_file": dg.MetadataValue.path(published.path_of(files[0])) if files else "none",
        **({} if recorded_in is None else {"recorded_in": recorded_in}),
        "left_out": bars(published.facts["left_out"], "incidents left out"),
    }
