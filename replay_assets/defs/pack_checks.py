"""Checks of a request pack: it is complete, sanitized, and contains no text of a label.

These are the only checks with access to the labels root. They read finished packs; the code that
builds and sends packs has no access to labels.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import dagster as dg

from replay_assets.contracts.request import INCIDENT_FIELDS
from replay_assets.contracts.self_grading import HELD_OUT_FIELDS
from replay_assets.defs.keys import key_of
from replay_assets.defs.resources import OutboundSafeguards, Root
from replay_assets.evaluation.label_leak_check import Provenance, trace_labels
from replay_assets.evaluation.masked_labels import labels_under_the_map
from replay_assets.lake import Lineage, Published, assets
from replay_assets.lake.formats import decode_jsonl
from replay_assets.lake.labels import labels_of
from replay_assets.sanitizing import OutboundPolicy, RuleSet, find_label_leaks, rules_digest


def build_pack_checks(daily: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """Return the checks of a day's pack; a failure blocks sending it."""
    spec = partial(dg.AssetCheckSpec, asset=key_of(assets.REQUEST_PACK), partitions_def=daily)
    complete = spec(
        "packs_hold_one_request_per_incident",
        blocking=True,
        additional_deps=[key_of(assets.INCIDENT_EVIDENCE)],
        description="Each kept incident has exactly one request, in the order of the evidence.",
    )
    clean = spec(
        "packs_carry_no_label_and_no_secret",
        blocking=True,
        description="The pack contains no held-out field, and nothing that a strict rule finds.",
    )
    unleaked = spec(
        "packs_repeat_no_label_text",
        blocking=True,
        additional_deps=[
            key_of(assets.INCIDENT_EVIDENCE),
            key_of(assets.INCIDENT_LABELS),
            key_of(assets.MASKED_LABELS),
        ],
        description="A request contains free text of a label only if the raw evidence has it too. "
        "A pack that fails is removed. Not run if the labels root has no labels of the day.",
    )

    @dg.multi_asset_check(name="request_pack_checks", specs=[complete, clean, unleaked])
    def check(
        context: dg.AssetCheckExecutionContext,
        lake: Root,
        evidence: Root,
        labels: Root,
        safeguards: OutboundSafeguards,
    ) -> Iterator[dg.AssetCheckResult]:
        day = context.partition_key
        raw = evidence.get(assets.INCIDENT_EVIDENCE.at(day))
        pack = lake.get(assets.REQUEST_PACK.at(day))
        content = PackContent.of(pack, raw)
        asked = [one["incident_id"] for one in content.requests]
        kept = [row["incident_id"] for row in content.evidence]
        counts = {"requests": len(asked), "incidents": len(kept)}
        yield dg.AssetCheckResult(check_name=complete.name, passed=asked == kept, metadata=counts)
        yield _clean(clean.name, content, safeguards.policy(), pack.facts)
        lineage = Lineage(evidence=evidence, labels=labels, rules=rules_digest(safeguards.rules))
        traced = content.trace(lineage, day, safeguards.rules)
        if traced.findings:
            # A failed check stops only this run; a later one could still send the pack.
            lake.withdraw(pack.address)
        yield _unleaked(unleaked.name, traced)

    return check


@dataclass(frozen=True)
class PackContent:
    """A published pack and its evidence; each is read once for all checks."""

    lines: list[bytes]
    requests: list[dict[str, Any]]
    tool_output: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    messages: list[dict[str, Any]]

    @classmethod
    def of(cls, pack: Published, raw: Published) -> Self:
        """Read a pack and its evidence."""
        files = {name: pack.file(name) for name in (assets.PACK_FILE, assets.TOOL_OUTPUT_FILE)}
        requests, tool_output = (decode_jsonl(one, name) for name, one in files.items())
        return cls(
            lines=[line for one in files.values() for line in lines_of(one)],
            requests=requests,
            tool_output=tool_output,
            evidence=raw.rows(assets.INCIDENT_EVIDENCE.table),
            messages=raw.rows(assets.RECORDED_MESSAGES),
        )

    def trace(self, lineage: Lineage, day: str, rules: RuleSet) -> Provenance:
        """Compare the pack with the labels of its day.

        Masked labels that are missing or stale are computed for this comparison, because a pack
        must be checked even if they were not materialised.
        """
        truth = labels_of(lineage.find(assets.INCIDENT_LABELS.at(day)))
        kept = assets.MASKED_LABELS.at(day)
        if lineage.state(kept).is_current:
            masked = labels_of(lineage.find(kept))
        else:
            masked = labels_under_the_map(truth, self.evidence, self.messages, rules)
        return trace_labels(
            self.requests,
            self.tool_output,
            truth,
            masked,
            evidence=self.evidence,
            messages=self.messages,
        )


def _clean(
    name: str, content: PackContent, policy: OutboundPolicy, facts: dict[str, Any]
) -> dg.AssetCheckResult:
    leaks = {
        one["incident_id"]: found
        for one in content.requests
        if (found := find_label_leaks({k: one[k] for k in INCIDENT_FIELDS}, {}, HELD_OUT_FIELDS))
    }
    secrets = secrets_in(content.lines, policy)
    return dg.AssetCheckResult(
        check_name=name,
        passed=not leaks and not secrets,
        metadata={"leaks": leaks, "secret_rules": secrets, **facts},
    )


def _unleaked(name: str, traced: Provenance) -> dg.AssetCheckResult:
    withdrawn = "; the pack was removed, so that nothing downstream can read it"
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


def lines_of(content: bytes) -> list[bytes]:
    """Return the lines of a JSONL file that are not empty."""
    return [line for line in content.split(b"\n") if line]


def secrets_in(lines: Iterable[bytes], policy: OutboundPolicy) -> list[str]:
    """Return the names of strict rules, keys and canaries that match in JSON lines."""
    return sorted({rule for line in lines for rule in policy.findings(line)})
