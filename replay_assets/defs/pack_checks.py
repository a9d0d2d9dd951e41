"""Checks of a request pack: it is complete, sanitized, and holds nothing that only a label knows.

The only checks that are handed the labels root. They look at finished packs; what builds and sends
them can't reach a label.
"""

from collections.abc import Iterator
from functools import partial

import dagster as dg

from replay_assets.contracts.request import INCIDENT_FIELDS
from replay_assets.contracts.self_grading import HELD_OUT_FIELDS
from replay_assets.defs.keys import key_of
from replay_assets.defs.resources import Guards, Root
from replay_assets.evaluation.label_leak_check import Provenance, trace_labels
from replay_assets.evaluation.masked_labels import mask_labels
from replay_assets.lake import assets
from replay_assets.lake.labels import labels_of
from replay_assets.lake.lineage import Lineage
from replay_assets.lake.published import Published
from replay_assets.sanitizing import OutboundPolicy, RuleSet, find_label_leaks, rules_digest


def build_pack_checks(daily: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """Return the checks of a day's pack; all block what would send it."""
    spec = partial(dg.AssetCheckSpec, asset=key_of(assets.REQUEST_PACK), partitions_def=daily)
    complete = spec(
        "packs_hold_one_request_per_incident",
        blocking=True,
        additional_deps=[key_of(assets.INCIDENT_EVIDENCE)],
        description="Each kept incident has exactly one request, in the evidence's order.",
    )
    clean = spec(
        "packs_carry_no_label_and_no_secret",
        blocking=True,
        description="The published bytes hold no held-out field and nothing a strict rule finds.",
    )
    untold = spec(
        "packs_repeat_no_label_text",
        blocking=True,
        additional_deps=[
            key_of(assets.INCIDENT_EVIDENCE),
            key_of(assets.INCIDENT_LABELS),
            key_of(assets.MASKED_LABELS),
        ],
        description="No free text of a label stands in a request whose raw evidence lacks it. A "
        "pack that fails is withdrawn. Not run where the labels root holds none of the day's.",
    )

    @dg.multi_asset_check(name="request_pack_checks", specs=[complete, clean, untold])
    def check(
        context: dg.AssetCheckExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        safeguards: Guards,
    ) -> Iterator[dg.AssetCheckResult]:
        day = context.partition_key
        raw = evidence.get(assets.INCIDENT_EVIDENCE.at(day))
        pack = lake.get(assets.REQUEST_PACK.at(day))
        asked = [one["incident_id"] for one in pack.records(assets.PACK_FILE)]
        kept = [row["incident_id"] for row in raw.rows(assets.INCIDENT_EVIDENCE.table)]
        counts = {"requests": len(asked), "incidents": len(kept)}
        yield dg.AssetCheckResult(check_name=complete.name, passed=asked == kept, metadata=counts)
        yield _clean(clean.name, pack, safeguards.policy())
        lineage = Lineage(evidence=evidence, labels=labels, rules=rules_digest(safeguards.rules))
        traced = trace_pack(pack, raw, lineage, safeguards.rules)
        if traced.findings:
            lake.withdraw(pack.address)
        yield _untold(untold.name, traced)

    return check


def trace_pack(pack: Published, raw: Published, lineage: Lineage, rules: RuleSet) -> Provenance:
    """Compare a published pack with the labels of its day.

    Masked labels that are missing or stale are made again for this comparison: a pack must not go
    unchecked because they were not materialised.
    """
    day = pack.address.key
    truth = labels_of(lineage.find(assets.INCIDENT_LABELS.at(day)))
    kept = assets.MASKED_LABELS.at(day)
    current = lineage.state(kept).is_current
    return trace_labels(
        pack.records(assets.PACK_FILE),
        pack.records(assets.TOOL_OUTPUT_FILE),
        truth,
        labels_of(lineage.find(kept)) if current else mask_labels(truth, raw, rules),
        evidence=raw.rows(assets.INCIDENT_EVIDENCE.table),
        messages=raw.rows(assets.RECORDED_MESSAGES),
    )


def _clean(name: str, pack: Published, policy: OutboundPolicy) -> dg.AssetCheckResult:
    leaks = {
        one["incident_id"]: found
        for one in pack.records(assets.PACK_FILE)
        if (found := find_label_leaks({k: one[k] for k in INCIDENT_FIELDS}, {}, HELD_OUT_FIELDS))
    }
    secrets = secrets_of(pack, policy, assets.PACK_FILE, assets.TOOL_OUTPUT_FILE)
    return dg.AssetCheckResult(
        check_name=name,
        passed=not leaks and not secrets,
        metadata={"leaks": leaks, "secret_rules": secrets, **pack.facts},
    )


def _untold(name: str, traced: Provenance) -> dg.AssetCheckResult:
    withdrawn = "; the pack was withdrawn, nothing downstream may read it"
    return dg.AssetCheckResult(
        check_name=name,
        passed=not traced.findings,
        description=f"{traced.status}: {traced.labelled} of {traced.incidents} incidents have a "
        f"label{withdrawn if traced.findings else ''}",
        metadata={
            "status": traced.status,
            "incidents": traced.incidents,
            "labelled": traced.labelled,
            "findings": traced.findings,
        },
    )


def secrets_of(published: Published, policy: OutboundPolicy, *names: str) -> list[str]:
    """Return what a partition's JSONL files still hold of strict rules, keys and canaries."""
    lines = [line for name in names for line in published.file(name).decode().split("\n") if line]
    return sorted({rule for line in lines for rule in policy.findings(line)})
