"""Collects the rows of some days from the lake into a spool, and decides which of them stay."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from replay_assets.contracts.export_policy import ExportPolicy
from replay_assets.contracts.export_row import TrainingLanguage
from replay_assets.contracts.judge_report import JudgeCard
from replay_assets.contracts.request import ReplayRequest
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.score import ReplayScore
from replay_assets.errors import ResidualSecretError
from replay_assets.finetune.evidence_rows import EvidenceRows
from replay_assets.finetune.feedback_rows import FeedbackRows, known_of
from replay_assets.finetune.labels import Labelled, agreed, labelled
from replay_assets.finetune.pairs import kept_pairs
from replay_assets.finetune.replay_rows import ReplayRows, ScoredAnswer, replay_pairs
from replay_assets.finetune.rows import Row, encode_row
from replay_assets.finetune.texts import TextRules
from replay_assets.lake import Lineage, Published, assets
from replay_assets.lake.spool import Spool
from replay_assets.sanitizing import OutboundPolicy

EARLIER_DAY = "earlier_day_of_incident"
"""Why an answer or feedback is left out: its incident counts once, on its newest day."""


@dataclass
class Collected:
    """The rows that stay, as numbers in the spool, and why others do not.

    Attributes:
        spool: all rows.
        items: what decides about each row, by its number.
        left_out: incidents, answers and rows that were left out, by reason.
        incidents: how many incidents of the days were read.
        marks: how often texts had a mark of trainers, by its spelling.
        media_tags: those of them that are tags of images, videos or audio.
        judges: the judge of each day's feedback, with its status and its label set.
    """

    spool: Spool
    items: list[Labelled] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    incidents: int = 0
    marks: dict[str, int] = field(default_factory=dict)
    media_tags: dict[str, int] = field(default_factory=dict)
    judges: dict[str, str] = field(default_factory=dict)


@dataclass
class Collector:
    """Reads the rows of days.

    Attributes:
        lineage: the lake, for one operation.
        days: the days that can be used, oldest first.
        candidates: the ids of the candidates whose answers may become rows.
        policy: the settings of exports.
        safeguards: the sanitizing rules, and what must not leave.
        language: the language of instruction and headings.
    """

    lineage: Lineage
    days: Sequence[str]
    candidates: Sequence[str]
    policy: ExportPolicy = field(default_factory=ExportPolicy)
    safeguards: OutboundPolicy = field(default_factory=OutboundPolicy)
    language: TrainingLanguage = "follow"

    def collect(self, spool: Spool) -> Collected:
        """Return the rows of all days.

        Raises:
            ResidualSecretError: after sanitizing a row still contains a strict match, a key in use
                or a canary.
        """
        found = Collected(spool)
        texts = TextRules(keep_media_tags=self.policy.media_tags == "keep")
        for day in self.days:
            self._collect_day(day, texts, found)
        kept, dropped = agreed(found.items)
        found.left_out += dropped
        found.items = [one for one in found.items if one.number in kept]
        found.marks, found.media_tags = dict(sorted(texts.marks.items())), texts.media_tags
        return found

    def _collect_day(self, day: str, texts: TextRules, found: Collected) -> None:
        evidence = self.lineage.get(assets.INCIDENT_EVIDENCE.at(day))
        rows = [
            row
            for row in evidence.rows(assets.INCIDENT_EVIDENCE.table)
            if self._newest_day[row["incident_id"]] == day
        ]
        incidents = {row["incident_id"] for row in rows}
        found.incidents += len(incidents)
        scores = self._incumbent(day)
        self._add_evidence(evidence, rows, scores, texts, found)
        self._add_replays(day, incidents, texts, found)
        self._add_feedback(day, {row["incident_id"]: row for row in rows}, scores, texts, found)

    def _add_evidence(
        self,
        evidence: Published,
        rows: Sequence[Mapping[str, Any]],
        scores: Mapping[str, ReplayScore],
        texts: TextRules,
        found: Collected,
    ) -> None:
        make = EvidenceRows(texts, self.safeguards.rules, self.language)
        repairs = _by_incident(evidence.rows(assets.RECORDED_REPAIRS))
        messages = _by_incident(evidence.rows(assets.RECORDED_MESSAGES))
        for row in rows:
            incident = row["incident_id"]
            made, reason = make.rows(
                row, scores.get(incident), repairs.get(incident, ()), messages.get(incident, ())
            )
            if reason is not None:
                found.left_out[reason] += 1
            for one in made:
                if one.row.kind != "pair":
                    self._add(one.row, found, *one.also)
            pairs = ((one.row, 1.0) for one in made if one.row.kind == "pair")
            self._add_pairs(pairs, found)

    def _add_replays(
        self, day: str, incidents: set[str], texts: TextRules, found: Collected
    ) -> None:
        make, answers = ReplayRows(texts, self.language), list[ScoredAnswer]()
        current = [
            candidate
            for candidate in self.candidates
            if self.lineage.state(assets.REPLAY_SCORES.at(day, candidate)).is_current
        ]
        requests = self._requests(day) if current else {}
        for candidate in current:
            graded = list[tuple[ReplayResult, ReplayScore]]()
            for pair in self._graded(day, candidate):
                if pair[0].incident_id in incidents:
                    graded.append(pair)
                else:
                    found.left_out[EARLIER_DAY] += 1
            for one in make.answers(requests, graded):
                if isinstance(one, str):
                    found.left_out[one] += 1
                else:
                    answers.append(one)
                    self._add(one.row, found)
        self._add_pairs(replay_pairs(answers, self.policy.pair_margin), found)

    def _add_feedback(
        self,
        day: str,
        incidents: Mapping[str, Mapping[str, Any]],
        scores: Mapping[str, ReplayScore],
        texts: TextRules,
        found: Collected,
    ) -> None:
        address = assets.FEEDBACK_REWARDS.at(day)
        if not self.lineage.state(address).is_current:
            return
        rewards = self.lineage.get(address)
        card = JudgeCard.read(rewards.document(assets.JUDGE_CARD_FILE))
        found.judges[day] = f"{card.judge_id} {card.status} {card.label_set_version}"
        make = FeedbackRows(self.policy, texts, self.language)
        for reward in rewards.rows(assets.FEEDBACK_REWARDS.table):
            incident = incidents.get(reward["incident_id"])
            score = scores.get(reward["incident_id"])
            if self._newest_day.get(reward["incident_id"], day) > day:
                found.left_out[EARLIER_DAY] += 1
            elif incident is None or score is None:
                found.left_out["feedback_of_unknown_incident"] += 1
            elif isinstance(made := make.row(reward, card, known_of(incident, score)), str):
                found.left_out[made] += 1
            else:
                self._add(made, found)

    def _add_pairs(self, pairs: Iterator[tuple[Row, float]], found: Collected) -> None:
        kept, dropped = kept_pairs(
            pairs,
            length_ratio=self.policy.pair_length_ratio,
            per_prompt=self.policy.pairs_per_prompt,
        )
        found.left_out += dropped
        for row in kept:
            self._add(row, found)

    def _add(self, row: Row, found: Collected, *also: str) -> None:
        if wrong := sorted(set(self.safeguards.findings(msgspec.json.encode(row)))):
            raise ResidualSecretError(
                f"incident {row.incident_id}: after sanitizing, rule {', '.join(wrong)} still "
                "finds a value in the training row. Nothing was written; please report it."
            )
        if row.has_empty_text:
            found.left_out["empty_text"] += 1
            return
        number = found.spool.add(encode_row(row))
        found.items.append(labelled(number, row, *also))

    def _graded(self, day: str, candidate: str) -> Iterator[tuple[ReplayResult, ReplayScore]]:
        """Yield each result of a candidate with its score: both files have the same order."""
        results = self.lineage.get(assets.REPLAY_RESULTS.at(day, candidate))
        scores = self.lineage.get(assets.REPLAY_SCORES.at(day, candidate))
        yield from zip(
            map(ReplayResult.read, results.records(assets.RESULTS_FILE)),
            map(ReplayScore.read, scores.rows(assets.REPLAY_SCORES.table)),
            strict=True,
        )

    def _requests(self, day: str) -> dict[str, ReplayRequest]:
        pack = self.lineage.get(assets.REQUEST_PACK.at(day))
        read = map(ReplayRequest.read, pack.records(assets.PACK_FILE))
        return {request.incident_id: request for request in read}

    def _incumbent(self, day: str) -> dict[str, ReplayScore]:
        graded = self.lineage.get(assets.INCUMBENT_SCORES.at(day))
        scores = map(ReplayScore.read, graded.rows(assets.INCUMBENT_SCORES.table))
        return {score.incident_id: score for score in scores}

    @cached_property
    def _newest_day(self) -> dict[str, str]:
        """The newest day with evidence of each incident: an incident counts once."""
        return {
            incident: day
            for day in self.days
            for incident in self.lineage.get(assets.INCIDENT_EVIDENCE.at(day))
            .table(assets.INCIDENT_EVIDENCE.table)
            .column("incident_id")
            .to_pylist()
        }


def _by_incident(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["incident_id"], []).append(row)
    return found
