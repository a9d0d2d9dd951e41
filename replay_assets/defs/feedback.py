"""Assets of the feedback stage: what operators wrote about answers, and their rewards."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import dagster as dg

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.judge_report import JudgeCard
from replay_assets.defs.endpoint_slots import endpoint_slot
from replay_assets.defs.keys import inputs_of, sanitizing_version
from replay_assets.defs.left_out import PER_CANDIDATE, leave_out
from replay_assets.defs.materializing import materialize
from replay_assets.defs.metadata import Metadata, bars, preview, table_preview
from replay_assets.defs.partitions import Partitions
from replay_assets.defs.replay import ReplayConfig, RunLog
from replay_assets.defs.resources import OutboundSafeguards, Policy, Root, State
from replay_assets.feedback import publishing
from replay_assets.feedback.judge import Judge
from replay_assets.feedback.labels import shipped_labels
from replay_assets.feedback.model_judge import ModelJudge, with_judging_model
from replay_assets.feedback.prompts import PROMPT_VERSION
from replay_assets.feedback.publishing import (
    clean_feedback,
    feedback_publication,
    rewards_publication,
)
from replay_assets.feedback.report import HumanLabels, judge_card, judge_report
from replay_assets.feedback.rules_judge import RulesJudge, shipped_rules
from replay_assets.lake import Lineage, Published, assets
from replay_assets.sanitizing import RuleSet, rules_digest
from replay_assets.settings import HUMAN_LABELS, named_file, read_secret

GROUP = "finetune"
REWARD_COLUMNS = ("incident_id", "query_t1", "outcome", "label", "confidence", "reward")


def build_assets(
    partitions: Partitions, rules: RuleSet, catalogue: Catalogue
) -> list[dg.AssetsDefinition]:
    """Return the raw feedback of a day, and its rewards."""
    return [build_feedback(partitions), build_rewards(partitions, rules, catalogue)]


def build_feedback(partitions: Partitions) -> dg.AssetsDefinition:
    """Return the asset that finds a day's feedback."""

    @dg.asset(
        partitions_def=partitions.daily,
        group_name="evidence",
        owners=["team:platform"],
        kinds={"parquet"},
        deps=inputs_of(assets.OPERATOR_FEEDBACK),
        code_version=publishing.CODE_VERSION,
    )
    def operator_feedback(
        context: dg.AssetExecutionContext, evidence: Root
    ) -> dg.MaterializeResult[None]:
        """One row per answer to which an operator wrote a next message: question, answer, message.

        From the recorded messages of the day's sessions. The texts are raw, so they are stored
        under the evidence root, and only ids and counts are shown here.
        """
        lineage = Lineage(evidence=evidence)

        def find(day: str) -> Published:
            address = assets.OPERATOR_FEEDBACK.at(day)
            found = lineage.get(assets.INCIDENT_EVIDENCE.at(day))
            return evidence.publish(address, feedback_publication(found, lineage.inputs(address)))

        return materialize(context, find, _feedback_ids)

    return operator_feedback


def build_rewards(
    partitions: Partitions, rules: RuleSet, catalogue: Catalogue
) -> dg.AssetsDefinition:
    """Return the asset that judges a day's feedback; its version depends on judge and rules."""
    entry = catalogue.judge
    if entry is not None and entry.embedded:
        entry = None  # the built-in rules judge
    code_version = ".".join(
        [
            publishing.CODE_VERSION,
            shipped_labels().version,
            f"{PROMPT_VERSION}.{entry.digest()[:12]}" if entry else shipped_rules().version,
        ]
    )

    @dg.asset(
        partitions_def=partitions.daily,
        group_name=GROUP,
        owners=["team:ml"],
        kinds={"parquet"},
        deps=inputs_of(assets.FEEDBACK_REWARDS),
        code_version=sanitizing_version(code_version, rules),
        # A run without the judge's key yields nothing.
        output_required=False,
    )
    def feedback_rewards(
        context: dg.AssetExecutionContext,
        config: ReplayConfig,
        lake: Root,
        evidence: Root,
        policy: Policy,
        safeguards: OutboundSafeguards,
        state: State,
    ) -> Iterator[dg.MaterializeResult[None]]:
        """What each next message says about its answer: a label, a confidence, a reward.

        Judged by the catalogue's entry with `role: judge`, else by built-in rules. The judge's card
        says how well it agrees with people ($REPLAY_HUMAN_LABELS), and whether an export may use
        these rows.
        """
        if entry is not None and (reason := why_left_out(context.run, entry)) is not None:
            leave_out(context, entry.id, reason)
            return
        human = HumanLabels(named_file(HUMAN_LABELS), policy.least_kappa)
        rewards = _Rewards(context, config, lake, evidence, safeguards, human)
        with endpoint_slot(context, entry) if entry is not None else nullcontext():
            judge = _judge(entry, catalogue, safeguards, state)
            yield materialize(context, lambda day: rewards.publish(day, judge), _rewards_shown)

    return feedback_rewards


def why_left_out(run: dg.DagsterRun, judge: Candidate) -> str | None:
    """Return why a run leaves the rewards out; None if it does not.

    A run that selects assets, but none of a candidate, asks for the rewards: the judge need not be
    scheduled then.
    """
    chosen = run.asset_selection
    is_asked_for = bool(chosen) and not any(key.path[0] in PER_CANDIDATE for key in chosen or ())
    if is_asked_for and judge.has_key(read_secret):
        return None
    return judge.not_ready(read_secret)


class _Rewards:
    """Judges days, and publishes their rewards."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        config: ReplayConfig,
        lake: Root,
        evidence: Root,
        safeguards: OutboundSafeguards,
        human: HumanLabels,
    ) -> None:
        self._log = RunLog(context.log.info).report
        self._refresh = config.refresh
        self._lake, self._evidence = lake, evidence
        self._policy = safeguards.policy()
        self._human = human

    def publish(self, day: str, judge: Judge) -> Published:
        """Judge one day and publish it; answers of an earlier run are not asked again."""
        rules, labels = self._policy.rules, shipped_labels()
        lineage = Lineage(lake=self._lake, evidence=self._evidence, rules=rules_digest(rules))
        feedback = lineage.get(assets.OPERATOR_FEEDBACK.at(day))
        evidence = lineage.get(assets.INCIDENT_EVIDENCE.at(day))
        clean = clean_feedback(feedback, evidence, self._policy)
        work = f"feedback/{judge.judge_id}"
        card = judge_card(judge, labels, self._human, rules, work=f"{work}/human_labels")
        (judged,) = judge.judge(
            clean, work=f"{work}/{day}", refresh=self._refresh, progress=self._log
        )
        address = assets.FEEDBACK_REWARDS.at(day)
        report = judge_report(card, judged, labels)
        return self._lake.publish(
            address, rewards_publication(clean, judged, report, lineage.inputs(address))
        )


def _judge(
    entry: Candidate | None, catalogue: Catalogue, safeguards: OutboundSafeguards, state: State
) -> Judge:
    """Return the judge: a model, or the built-in rules."""
    if entry is None:
        return RulesJudge(shipped_labels())
    api_key = read_secret(entry.api_key_env)
    entry = with_judging_model(entry, catalogue, api_key)
    return ModelJudge(
        entry, shipped_labels(), api_key, state.stores, safeguards.gate(), state.timezone
    )


def _feedback_ids(published: Published) -> Metadata:
    """Return a preview without texts: more people read the event log than the evidence."""
    table = published.table(assets.OPERATOR_FEEDBACK.table)
    return {"preview": table_preview(table, ("id", "incident_id", "session_id", "created_at"))}


def _rewards_shown(published: Published) -> Metadata:
    card = JudgeCard.read(published.document(assets.JUDGE_CARD_FILE))
    rows = published.rows(assets.FEEDBACK_REWARDS.table)
    return {
        "preview": preview(rows, REWARD_COLUMNS),
        "labels_used": bars(published.facts["labels"], "next messages by label"),
        "judge": card.about,
        **_agreement_shown(card),
    }


def _agreement_shown(card: JudgeCard) -> Metadata:
    """Return the judge's agreement with people: figures, a plot, and its confusions."""
    found = card.agreement
    if found is None:
        return {"agreement": f"unverified: {HUMAN_LABELS} names no file"}
    figures: dict[str, Any] = {
        "kappa": found.kappa,
        "kappa_low": found.kappa_low,
        "kappa_high": found.kappa_high,
        "flip_rate": found.flip_rate,
    }
    accuracy = {
        f"{one.threshold:g}: {one.coverage:.0%} covered": one.accuracy
        for one in found.coverage
        if one.coverage is not None and one.accuracy is not None
    }
    return {
        **{name: value for name, value in figures.items() if value is not None},
        "accuracy_by_confidence": bars(accuracy, "right labels from a confidence of", zeros=True),
        "confusions": preview(_confusions(found.confusion), ("people", "judge", "times")),
    }


def _confusions(confusion: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Return the pairs of different labels, the most frequent first."""
    rows = [
        {"people": one, "judge": other, "times": count}
        for one, counts in confusion.items()
        for other, count in counts.items()
        if one != other
    ]
    return sorted(rows, key=lambda row: -int(row["times"]))
