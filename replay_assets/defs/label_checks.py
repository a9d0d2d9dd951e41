"""Checks of the labels: each can be read, and an answer can meet it."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

import dagster as dg

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.defs.keys import key_of
from replay_assets.defs.resources import AnswerVocabulary, Root
from replay_assets.evaluation.grading import unmet_labels
from replay_assets.lake import Published, assets
from replay_assets.lake.labels import labels_of

WARN = dg.AssetCheckSeverity.WARN
READ, MET = "every_label_is_read", "every_label_can_be_met"


def label_checks(daily: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """Return the checks of a day's labels, which share a step."""
    spec = partial(dg.AssetCheckSpec, asset=key_of(assets.INCIDENT_LABELS), partitions_def=daily)
    read = spec(
        READ,
        description="No label is quarantined: each has readable fields, and each incident has one "
        "label. An incident whose label is quarantined is unlabelled.",
    )
    met = spec(
        MET,
        description="Categories and actions of labels are words of the vocabulary, and no field is "
        "blank or empty. Otherwise no answer could be right, so the grade is not applicable. Each "
        "value is listed with the nearest word and the number of labels.",
    )

    @dg.multi_asset_check(name="incident_labels_checks", specs=[read, met])
    def check(
        context: dg.AssetCheckExecutionContext, labels: Root, vocabulary: AnswerVocabulary
    ) -> Iterator[dg.AssetCheckResult]:
        yield from check_labels(
            labels.get(assets.INCIDENT_LABELS.at(context.partition_key)), vocabulary
        )

    return check


def check_labels(day: Published, vocabulary: Vocabulary) -> Iterator[dg.AssetCheckResult]:
    """Yield the results of both checks for a day's labels."""
    # Codes only: the rest of a reason may quote the label.
    reasons = Counter(
        reason.split(":")[0] for row in day.rows(assets.QUARANTINE) for reason in row["reasons"]
    )
    yield dg.AssetCheckResult(
        check_name=READ, passed=not reasons, severity=WARN, metadata=dict(reasons)
    )
    unmet = unmet_labels(labels_of(day), vocabulary)
    yield dg.AssetCheckResult(
        check_name=MET,
        passed=not unmet,
        severity=WARN,
        description="; ".join(unmet) or None,
        metadata={problem: len(incidents) for problem, incidents in unmet.items()},
    )
