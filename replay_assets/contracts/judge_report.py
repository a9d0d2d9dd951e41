"""What is known about a judge: its agreement with people, and whether its rows may be exported."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from replay_assets.contracts.record import Part, Record
from replay_assets.contracts.report_details import Rate

CardStatus = Literal["verified", "unverified", "below_bound"]


class LabelAgreement(Part):
    """One label: `precision` is a share of the judge's uses of it, `recall` of people's."""

    precision: Rate
    recall: Rate


class CoveragePoint(Part):
    """Triples with at least this confidence: their share of all, and how many labels are right."""

    threshold: float
    covered: int
    coverage: float | None
    accuracy: float | None


class Agreement(Part):
    """A judge compared with people on the same triples.

    Attributes:
        triples: triples that people labelled.
        compared: those that the judge labelled too; all figures are about these.
        kappa: Cohen's kappa; None if there is nothing to compare.
        kappa_low: the lower end of its interval of 95 %.
        kappa_high: the upper end.
        accuracy: the share of equal labels.
        by_label: precision and recall of each label.
        confusion: how often the judge used each label, by the label of people.
        coverage: accuracy by threshold of confidence.
        repeated: triples that the judge labelled twice.
        flip_rate: the share of them with two different labels; None if there are none.
    """

    triples: int
    compared: int
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    accuracy: Rate
    by_label: dict[str, LabelAgreement]
    confusion: dict[str, dict[str, int]]
    coverage: list[CoveragePoint]
    repeated: int
    flip_rate: float | None


class JudgeCard(Record):
    """A judge, its agreement with people, and whether rows that it judged may be exported.

    Attributes:
        judge_id: the judge's id in the catalogue, or that of the built-in judge.
        judge_model: its model, as requested or as found at its endpoint.
        about: what it is, in a sentence.
        label_set_version: the version of labels and rewards.
        prompt_version: the version of the prompt; for the built-in judge, of its rules.
        status: `unverified` without a file that people labelled; else whether the lower end of
            kappa's interval reaches the bound.
        may_export: whether an export may contain its rows: not below the bound.
        least_kappa: the bound, from the policy.
        human_labels_sha256: the file of people's labels.
        agreement: the comparison with people; None without a file.
    """

    VERSION: ClassVar[str] = "judge_card_v1"

    judge_id: str
    judge_model: str
    about: str
    label_set_version: str
    prompt_version: str
    status: CardStatus
    may_export: bool
    least_kappa: Annotated[float, Field(ge=-1, le=1)]
    human_labels_sha256: str | None
    agreement: Agreement | None


class JudgeReport(Record):
    """One run of a judge: `judge_report.json`.

    Attributes:
        judge: the judge's card.
        triples: all triples.
        outcomes: the number of triples with each outcome.
        labels: the number of triples with each label of the label set.
        with_reward: triples whose label has a reward.
        should_update: triples with a reward and enough confidence.
        mean_reward: the mean of the rewards; None if there are none.
        failures: how often each reason was given for a triple without a label.
        prompt_tokens: the tokens of all prompts; None if some are unknown.
        completion_tokens: the tokens of all answers; None if some are unknown.
        cost_usd: the cost of all triples; None if it is unknown or there are no prices.
    """

    VERSION: ClassVar[str] = "judge_report_v1"

    judge: JudgeCard
    triples: int
    outcomes: dict[str, int]
    labels: dict[str, int]
    with_reward: int
    should_update: int
    mean_reward: float | None
    failures: dict[str, int]
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
