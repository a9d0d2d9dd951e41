"""The partitions of feedback: the raw triples of a day, and their rewards."""

from collections.abc import Sequence

from replay_assets.contracts.arrow import arrow_schema
from replay_assets.contracts.feedback import FeedbackReward, FeedbackTriple, OperatorFeedback
from replay_assets.contracts.judge_report import JudgeReport
from replay_assets.errors import ResidualSecretError
from replay_assets.feedback.cleaning import clean_triples, maps_of_incidents
from replay_assets.feedback.judge import Judged
from replay_assets.feedback.triples import triples_of
from replay_assets.lake import Publication, Published, assets
from replay_assets.lake.formats import arrow_table, encode_json
from replay_assets.lake.jsonl import encode_line
from replay_assets.sanitizing import OutboundPolicy

CODE_VERSION = "1"


def feedback_publication(evidence: Published, inputs: dict[str, str]) -> Publication:
    """Return the partition of a day's raw triples, from the recorded messages of its evidence."""
    incidents = evidence.rows(assets.INCIDENT_EVIDENCE.table)
    models = {row["coordinator_id"]: row["coordinator_model"] for row in incidents}
    messages = evidence.rows(assets.RECORDED_MESSAGES)
    rows = list(triples_of(messages, models))
    return Publication(
        tables={
            assets.OPERATOR_FEEDBACK.table: arrow_table(
                (row.model_dump() for row in rows), arrow_schema(OperatorFeedback)
            )
        },
        inputs=inputs,
        facts={
            "triples": len(rows),
            "sessions": len({one["session_id"] for one in messages}),
            "sessions_with_feedback": len({row.session_id for row in rows}),
        },
        code_version=CODE_VERSION,
    )


def clean_feedback(
    feedback: Published, evidence: Published, policy: OutboundPolicy
) -> list[FeedbackTriple]:
    """Return a day's triples, sanitized with the maps of their incidents' packs.

    Raises:
        ResidualSecretError: a sanitized text still contains a strict match, a key or a canary.
    """
    rows = feedback.rows(assets.OPERATOR_FEEDBACK.table)
    triples = [
        FeedbackTriple.model_validate({name: row[name] for name in FeedbackTriple.model_fields})
        for row in rows
    ]
    maps = maps_of_incidents(
        evidence.rows(assets.INCIDENT_EVIDENCE.table),
        evidence.rows(assets.RECORDED_MESSAGES),
        policy.rules,
    )
    clean = clean_triples(triples, policy.rules, maps)
    for triple in clean:
        if found := policy.findings(encode_line([*triple.texts.values()])):
            raise ResidualSecretError(
                f"feedback {triple.id} of incident {triple.incident_id}: after sanitizing, "
                f"{', '.join(found)} still finds a value. Nothing was judged; please report it."
            )
    return clean


def rewards_publication(
    triples: Sequence[FeedbackTriple],
    judged: Sequence[Judged],
    report: JudgeReport,
    inputs: dict[str, str],
) -> Publication:
    """Return the partition of a day's rewards, with the judge's card and the report next to it."""
    card = report.judge
    rows = [
        FeedbackReward(
            **triple.model_dump(),
            session_id=triple.id.rpartition(":")[0],
            **one.judgement.model_dump(exclude={"id"}),
            judge_id=card.judge_id,
            judge_model=card.judge_model,
            label_set_version=card.label_set_version,
            prompt_version=card.prompt_version,
        ).model_dump()
        for triple, one in zip(triples, judged, strict=True)
    ]
    return Publication(
        tables={
            assets.FEEDBACK_REWARDS.table: arrow_table(rows, arrow_schema(FeedbackReward)),
        },
        files={
            assets.JUDGE_CARD_FILE: encode_json(card.as_json()),
            assets.JUDGE_REPORT_FILE: encode_json(report.as_json()),
        },
        inputs=inputs,
        facts={
            "triples": report.triples,
            "outcomes": report.outcomes,
            "labels": {name: count for name, count in report.labels.items() if count},
            "with_reward": report.with_reward,
            "should_update": report.should_update,
            "judge": card.judge_id,
            "judge_status": card.status,
            "may_export": card.may_export,
        },
        code_version=CODE_VERSION,
    )
