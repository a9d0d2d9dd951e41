"""The asset of the pack stage: the day's requests, the only data that candidates receive."""

from collections import Counter
from itertools import islice
from typing import Any

import dagster as dg

from replay_assets.defs.keys import inputs_of, sanitizing_version
from replay_assets.defs.materializing import materialize
from replay_assets.defs.metadata import PREVIEW_ROWS, Metadata, bars, preview
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.resources import AnswerVocabulary, OutboundSafeguards, Root
from replay_assets.lake import Lineage, Published, assets
from replay_assets.lake.formats import decode_lines
from replay_assets.request_packs import builder
from replay_assets.request_packs.builder import build_pack
from replay_assets.sanitizing import PLACEHOLDER, RuleSet, rules_digest

GROUP = "request_packs"
SHOWN_BEFORE = 24
MASKED_COLUMNS = ("category", "times", "values", "rules", "fields")


def build_asset(partitions: Partitions, rules: RuleSet) -> dg.AssetsDefinition:
    """Return the asset that builds packs; its version depends on the sanitizing rules."""

    @dg.asset(
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=["team:platform"],
        kinds={"jsonl"},
        deps=inputs_of(assets.REQUEST_PACK),
        code_version=sanitizing_version(builder.CODE_VERSION, rules),
    )
    def request_pack(
        context: dg.AssetExecutionContext,
        evidence: Root,
        lake: Root,
        vocabulary: AnswerVocabulary,
        safeguards: OutboundSafeguards,
    ) -> dg.MaterializeResult[None]:
        """One sanitized chat request per incident, without labels; the same for all candidates.

        Secrets and personal data are replaced by pseudonyms; within an incident, equal values have
        the same pseudonym. Other files contain the recorded tool output, sanitized, and an audit
        with counts but no values.
        """
        digest = rules_digest(safeguards.rules)
        lineage = Lineage(evidence=evidence, vocabulary=vocabulary, rules=digest)

        def build(day: str) -> Published:
            raw = lineage.get(assets.INCIDENT_EVIDENCE.at(day))
            pack = build_pack(
                raw.rows(assets.INCIDENT_EVIDENCE.table),
                raw.rows(assets.RECORDED_MESSAGES),
                day=day,
                vocabulary=vocabulary,
                policy=safeguards.policy(),
                audit_key=safeguards.audit_key(),
            )
            address = assets.REQUEST_PACK.at(day)
            return pack.publish(lake, address, inputs=lineage.inputs(address))

        return materialize(context, build, _metadata)

    return request_pack


def _metadata(published: Published) -> Metadata:
    with published.source_of(assets.PACK_FILE).open() as lines:
        first = list(islice(decode_lines(lines, assets.PACK_FILE), PREVIEW_ROWS))
    rows = [
        {
            **one["incident_context"],
            "incident_id": one["incident_id"],
            # A cell is cut short, and the lines before the evidence would fill it.
            "evidence": _excerpt(one["user_prompt"].partition("Evidence:\n")[2]),
        }
        for one in first
    ]
    columns = ("incident_id", "alertname", "severity", "evidence")
    audit = published.document(assets.AUDIT_FILE)
    return {
        "preview": preview(rows, columns, total=published.facts["requests"]),
        "masked": bars(audit["masked_by_category"], "masked values by category"),
        "masked_table": preview(_by_category(audit), MASKED_COLUMNS, rows=len(audit["masked"])),
        "rules": f"{audit['rules_version']} ({audit['rules_sha256'][:12]})",
    }


def _excerpt(sanitized: str) -> str:
    """Return sanitized evidence, starting shortly before its first placeholder if it has one."""
    masked = PLACEHOLDER.search(sanitized)
    start = max(masked.start() - SHOWN_BEFORE, 0) if masked is not None else 0
    return f"…{sanitized[start:]}" if start else sanitized


def _by_category(audit: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row per category: counts, distinct values, rules and fields of masked values."""
    distinct = Counter(
        value["category"] for incident in audit["incidents"] for value in incident["values"]
    )
    rows = []
    for category, count in audit["masked_by_category"].items():
        own = [one for one in audit["masked"] if one["category"] == category]
        rows.append(
            {
                "category": category,
                "times": count,
                "values": distinct[category],
                "rules": ", ".join(sorted({one["rule"] for one in own})),
                "fields": ", ".join(sorted({one["field"] for one in own})),
            }
        )
    return sorted(rows, key=lambda row: (-row["times"], row["category"]))
