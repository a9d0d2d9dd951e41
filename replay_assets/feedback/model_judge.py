"""A model as a judge: asked through the same client, limits, budget and journal as a replay."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from replay_assets.candidates import Candidate, Catalogue, judged_by_itself
from replay_assets.contracts.feedback import FeedbackTriple
from replay_assets.contracts.result import Usage
from replay_assets.errors import ConfigurationError
from replay_assets.feedback.answers import JudgeReading, read_call
from replay_assets.feedback.judge import Judged
from replay_assets.feedback.labels import LabelSet
from replay_assets.feedback.prompts import PROMPT_VERSION, messages_of
from replay_assets.inference import (
    Batch,
    Call,
    Dialogue,
    Question,
    Report,
    RunStores,
    SendingGate,
    run_batch,
    with_model,
)
from replay_assets.lake.digests import digest_of

Texts = tuple[str, ...]
NOTHING_USED = Usage(prompt_tokens=0, completion_tokens=0, total_tokens=0)


@dataclass(frozen=True)
class _Answer:
    reading: JudgeReading
    usage: Usage | None
    cost_usd: float | None


@dataclass(frozen=True)
class ModelJudge:
    """An entry of the catalogue whose role is to judge.

    Args:
        entry: the entry, with its model.
        labels: the labels to choose from.
        api_key: the key, if it needs one.
        stores: the stores of calls and spending; answers in them are not asked again.
        gate: checks what is sent.
        timezone: the time zone of the days that prices and budgets refer to.
    """

    entry: Candidate
    labels: LabelSet
    api_key: str | None
    stores: RunStores
    gate: SendingGate
    timezone: str = "UTC"

    @property
    def judge_id(self) -> str:
        """The id in the catalogue."""
        return self.entry.id

    @property
    def model(self) -> str:
        """The model that labels."""
        return self.entry.model

    @property
    def prompt_version(self) -> str:
        """The version of the prompt."""
        return PROMPT_VERSION

    @property
    def about(self) -> str:
        """What it is, in a sentence."""
        return f"{self.entry.model}, a model that is asked about each triple"

    def judge(
        self,
        triples: Sequence[FeedbackTriple],
        *,
        work: str,
        repeats: int = 1,
        refresh: bool = False,
        progress: Report | None = None,
    ) -> list[list[Judged]]:
        """Ask about every triple without a label in a kept answer; equal triples are asked once.

        Raises:
            BatchStoppedError: the run ended early; answers are kept, and the same run continues.
            JournalError: the journal is damaged, or can't be written.
            LockedError: another process does the same work.
        """
        distinct: dict[Texts, FeedbackTriple] = {}
        for triple in triples:
            distinct.setdefault(_texts(triple), triple)
        asked = [(repeat, one) for repeat in range(repeats) for one in distinct.values()]

        def dialogues() -> Iterator[Dialogue[_Answer]]:
            return (self._dialogue(one, repeat) for repeat, one in asked)

        answers = run_batch(
            Batch(
                work=work,
                subject=self._subject(list(distinct), repeats),
                prompt_version=f"{PROMPT_VERSION}.{self.labels.version}",
                dialogues=dialogues,
                size=len(asked),
                accepts=lambda call: self._read(call).outcome == "judged",
            ),
            list,
            candidate=self.entry,
            api_key=self.api_key,
            stores=self.stores,
            gate=self.gate,
            timezone=self.timezone,
            refresh=refresh,
            progress=progress,
        )
        found = {
            (repeat, _texts(one)): answer
            for (repeat, one), answer in zip(asked, answers, strict=True)
        }
        return [
            [
                self._judged(
                    one, found[repeat, _texts(one)], was_asked=distinct[_texts(one)] is one
                )
                for one in triples
            ]
            for repeat in range(repeats)
        ]

    def _subject(self, distinct: Sequence[Texts], repeats: int) -> dict[str, str | int]:
        return {
            "triples_digest": digest_of([list(one) for one in distinct]),
            "repeats": repeats,
            "candidate_digest": self.entry.digest(),
            "label_set_version": self.labels.version,
            "prompt_version": PROMPT_VERSION,
        }

    def _dialogue(self, triple: FeedbackTriple, repeat: int) -> Dialogue[_Answer]:
        call = yield Question(messages_of(triple, self.labels), repeat=repeat, is_last=True)
        completion = call.completion
        priced = completion is not None and self.entry.prices_usd_per_million is not None
        return _Answer(
            self._read(call),
            None if completion is None else completion.usage,
            completion.cost_usd if completion is not None and priced else None,
        )

    def _read(self, call: Call) -> JudgeReading:
        return read_call(call, self.labels.labels, self.gate.cleaned)

    def _judged(self, triple: FeedbackTriple, answer: _Answer, *, was_asked: bool) -> Judged:
        said = answer.reading
        judgement = self.labels.judgement(
            triple.id, said.outcome, said.label, said.confidence, said.rationale
        )
        if not was_asked:  # its answer is paid once, for the first of equal triples
            return Judged(judgement, NOTHING_USED, None if answer.cost_usd is None else 0.0)
        return Judged(judgement, answer.usage, answer.cost_usd)


def with_judging_model(entry: Candidate, catalogue: Catalogue, api_key: str | None) -> Candidate:
    """Return a judge's entry with a model: its own, else the only one that its endpoint lists.

    Raises:
        ConfigurationError: the endpoint lists no model or several, or the model is a candidate's.
    """
    entry = with_model(entry, api_key=api_key)
    # The catalogue has compared a model that it names; this one may have been found only now.
    if (same := judged_by_itself(entry, catalogue)) is not None:
        raise ConfigurationError(same)
    return entry


def _texts(triple: FeedbackTriple) -> Texts:
    """Return the texts of a triple: triples with equal texts have the same judgement."""
    return tuple(triple.texts.values())
