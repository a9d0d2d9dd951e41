"""The card of a judge, and the report of a run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from replay_assets.contracts.feedback import OUTCOMES, LabelledTriple
from replay_assets.contracts.judge_report import Agreement, CardStatus, JudgeCard, JudgeReport
from replay_assets.errors import ConfigurationError
from replay_assets.feedback.agreement import REPEATS, agreement_of
from replay_assets.feedback.cleaning import clean_triples
from replay_assets.feedback.judge import Judge, Judged
from replay_assets.feedback.labels import LabelSet
from replay_assets.feedback.triples import content_of, read_triples
from replay_assets.inference import Report
from replay_assets.lake.files import sha256
from replay_assets.sanitizing import RuleSet
from replay_assets.totals import known_total


@dataclass(frozen=True)
class HumanLabels:
    """A file of triples that people labelled, and the bound that a judge must reach on them.

    Args:
        path: the file; None if there is none.
        least_kappa: the bound of the lower end of kappa's interval.
    """

    path: Path | None
    least_kappa: float


def read_labelled(path: Path, labels: LabelSet) -> tuple[list[LabelledTriple], str]:
    """Return the triples of a file that people labelled, and the file's SHA-256.

    Raises:
        ConfigurationError: the file can't be read, or a line of it has an unknown label.
    """
    content = content_of(path)
    triples = read_triples(content, str(path), LabelledTriple)
    unknown = {one.label: one.id for one in triples if one.label not in labels.labels}
    if unknown:
        named = ", ".join(f"{label!r} ({triple})" for label, triple in sorted(unknown.items()))
        raise ConfigurationError(f"{path}: unknown labels {named}; use {', '.join(labels.labels)}")
    return triples, sha256(content)


def judge_card(
    judge: Judge,
    labels: LabelSet,
    human: HumanLabels,
    rules: RuleSet,
    *,
    work: str,
    progress: Report | None = None,
) -> JudgeCard:
    """Return what is known about a judge; with a file of people's labels, it judges these too.

    Args:
        judge: the judge.
        labels: the label set.
        human: people's labels.
        rules: the sanitizing rules.
        work: the name under which answers are kept.
        progress: is called with the state of the run.

    Raises:
        ConfigurationError: the file can't be read, or a line of it has an unknown label.
    """
    agreement = digest = None
    if human.path is not None:
        triples, digest = read_labelled(human.path, labels)
        clean = clean_triples(triples, rules)
        repeats = judge.judge(clean, work=work, repeats=REPEATS, progress=progress)
        judged = [[one.judgement for one in repeat] for repeat in repeats]
        agreement = agreement_of([one.label for one in triples], judged, labels.labels)
    status = _status(agreement, human.least_kappa)
    return JudgeCard(
        schema_version=JudgeCard.VERSION,
        judge_id=judge.judge_id,
        judge_model=judge.model,
        about=judge.about,
        label_set_version=labels.version,
        prompt_version=judge.prompt_version,
        status=status,
        may_export=status != "below_bound",
        least_kappa=human.least_kappa,
        human_labels_sha256=digest,
        agreement=agreement,
    )


def judge_report(card: JudgeCard, judged: Sequence[Judged], labels: LabelSet) -> JudgeReport:
    """Return the report of a run."""
    said = [one.judgement for one in judged]
    outcomes, used = Counter(one.outcome for one in said), Counter(one.label for one in said)
    rewards = [one.reward for one in said if one.reward is not None]
    usages = [one.usage for one in judged]
    return JudgeReport(
        schema_version=JudgeReport.VERSION,
        judge=card,
        triples=len(said),
        outcomes={outcome: outcomes[outcome] for outcome in OUTCOMES},
        labels={name: used[name] for name in labels.labels},
        with_reward=len(rewards),
        should_update=sum(one.should_update for one in said),
        mean_reward=round(sum(rewards) / len(rewards), 6) if rewards else None,
        failures=dict(
            sorted(Counter(one.rationale or "" for one in said if one.label is None).items())
        ),
        prompt_tokens=known_total([None if one is None else one.prompt_tokens for one in usages]),
        completion_tokens=known_total(
            [None if one is None else one.completion_tokens for one in usages]
        ),
        cost_usd=_cost([one.cost_usd for one in judged]),
    )


def _status(agreement: Agreement | None, least_kappa: float) -> CardStatus:
    if agreement is None:
        return "unverified"
    low = agreement.kappa_low
    return "verified" if low is not None and low >= least_kappa else "below_bound"


def _cost(costs: Sequence[float | None]) -> float | None:
    total = known_total(costs)
    return round(total, 9) if costs and total is not None else None
