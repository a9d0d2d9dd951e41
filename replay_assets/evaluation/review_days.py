"""Reads what a review needs from the lake, and keeps its plan there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from upath import UPath

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.calendar import days_between, days_of_week
from replay_assets.contracts.comparison import Against
from replay_assets.contracts.gate_policy import GatePolicy
from replay_assets.contracts.promotion import Promotion
from replay_assets.contracts.review import ReviewPlan
from replay_assets.contracts.score import ReplayScore
from replay_assets.contracts.training_manifest import TrainingManifest, is_trained_on
from replay_assets.errors import ConfigurationError
from replay_assets.evaluation.gate.paired import Other
from replay_assets.evaluation.reviews import (
    Sides,
    Standing,
    is_reviewed,
    plan_review,
    standing_of,
    twin_of,
)
from replay_assets.evaluation.scored_days import CandidateScores, DayReader, ScoredDays
from replay_assets.lake import Publication, Store, VerifiedFile, assets
from replay_assets.lake.formats import decode_json, encode_json
from replay_assets.lake.published import checksum_in
from replay_assets.lake.review_plans import plan_address

CODE_VERSION = "1"


@dataclass
class ReviewDays:
    """The reviews of a catalogue's candidates, as a week's report shows them.

    Attributes:
        lake: where plans are kept.
        evidence: the days in it are the history that a historic review covers.
        reader: reads the scores; its lineage decides which days count.
        catalogue: its candidates; baselines, models asked without evidence, and entries that are
            not scheduled and were never replayed have no review.
        policy: what new reviews keep.
    """

    lake: Store
    evidence: Store
    reader: DayReader
    catalogue: Catalogue
    policy: GatePolicy
    _ranges: dict[tuple[str, str], "_Range"] = field(default_factory=dict)
    _trained: dict[str, TrainingManifest] = field(default_factory=dict)

    def standings(self, week: str) -> dict[str, Standing]:
        """Return the decision on every candidate at the end of a week, and its progress."""
        return {one.id: self._standing(one, week) for one in self._reviewed}

    def covered(self, week: str) -> ScoredDays:
        """Return the scores of all days that the reviews cover, until the end of a week."""
        starts = (self._plan(one, week).start for one in self._reviewed)
        return self._range(min((week, *starts)), week).days

    def unseen(self, candidate: Candidate, days: ScoredDays) -> list[ReplayScore]:
        """Return the first answers of a candidate to incidents that it was not trained on."""
        manifests = self._trained_on(candidate)
        return [
            one
            for one in days.candidate(candidate).scores
            if not is_trained_on(manifests, one.incident_id, one.scenario_group)
        ]

    @cached_property
    def _reviewed(self) -> list[Candidate]:
        return [one for one in self.catalogue if is_reviewed(one) and self._is_asked(one)]

    def _standing(self, candidate: Candidate, week: str) -> Standing:
        plan = self._plan(candidate, week)
        return standing_of(
            plan,
            week,
            lambda last: self._range(plan.start, last).sides(candidate, self.promoted),
            self._trained_on(candidate),
        )

    def _is_asked(self, candidate: Candidate) -> bool:
        """Return whether a candidate is scheduled, or was replayed by name.

        An entry that no one asks must not take a share of the alpha that the others have.
        """
        if candidate.scheduled:
            return True
        return bool(self.lake.days_of(assets.REPLAY_SCORES.name, candidate.id))

    @cached_property
    def _history(self) -> list[str]:
        return self.evidence.days_of(assets.INCIDENT_EVIDENCE.name)

    @cached_property
    def promoted(self) -> Candidate | None:
        """The candidate that was promoted last; None if its version is no longer the same."""
        last = last_promotion(self.lake)
        found = (one for one in self.catalogue if last and one.id == last.candidate_id)
        return next((one for one in found if last and one.digest() == last.candidate_version), None)

    def _trained_on(self, candidate: Candidate) -> list[TrainingManifest]:
        for name in candidate.trained_on:
            if name not in self._trained:
                self._trained[name] = _manifest(name, self.lake)
        return [self._trained[name] for name in candidate.trained_on]

    def _plan(self, candidate: Candidate, week: str) -> ReviewPlan:
        """Return the plan of a candidate's review; keep it if it is new."""
        earlier = self.reader.lineage.review_of(candidate.id)
        plan = plan_review(
            candidate,
            self.policy,
            week=week,
            days=self._history,
            under_review=len(self._reviewed),
            earlier=earlier,
        )
        if plan != earlier:
            content = {assets.PLAN_FILE: encode_json(plan.as_json())}
            publication = Publication(files=content, code_version=CODE_VERSION)
            self.lake.publish(plan_address(candidate.id), publication)
            self.reader.lineage.replace_review(plan)
        return plan

    def _range(self, start: str, last_week: str) -> "_Range":
        """Return the scores from a week to another one; empty if the first one is later."""
        if (start, last_week) not in self._ranges:
            last = days_of_week(last_week)[-1]
            days = days_between(start, last) if start <= last else []
            self._ranges[start, last_week] = _Range(ScoredDays(self.reader, days), self.catalogue)
        return self._ranges[start, last_week]


@dataclass(frozen=True)
class _Range:
    """The scores of some weeks; what several candidates share is read once."""

    days: ScoredDays
    catalogue: Catalogue

    def sides(self, candidate: Candidate, promoted: Candidate | None = None) -> Sides:
        scores = self.days.candidate(candidate)
        compared: list[tuple[Against, Candidate | None]] = [
            ("last_promoted", None if promoted == candidate else promoted),
            ("no_evidence", twin_of(candidate, self.catalogue)),
        ]
        others = tuple(
            Other(against, one.id, _rows(self.days.candidate(one)))
            for against, one in compared
            if one is not None
        )
        return Sides(_rows(scores), self._incumbent, self._baselines, scores.uncounted_days, others)

    @cached_property
    def _incumbent(self) -> Sequence[Mapping[str, object]]:
        return _rows(self.days.incumbent())

    @cached_property
    def _baselines(self) -> dict[str, Sequence[Mapping[str, object]]]:
        found = {one.id: _rows(self.days.candidate(one)) for one in self.catalogue if one.baseline}
        return {name: rows for name, rows in found.items() if rows}


def _rows(scores: CandidateScores) -> list[Mapping[str, object]]:
    return [ReplayScore.model_dump(score) for score in scores.repeats]


def _manifest(name: str, lake: Store) -> TrainingManifest:
    """Return a manifest of training rows: a path or URL, or a path below the lake.

    Raises:
        ConfigurationError: there is no such file.
        DamagedFileError: it has other bytes than its name says.
    """
    path = UPath(name)
    path = path if path.is_absolute() or path.protocol else UPath(lake.url) / name
    if not path.exists():
        raise ConfigurationError(
            f"trained_on: {path} does not exist. Name the manifest of an export, as a path below "
            "the lake, a complete path or a URL; without it, incidents that the candidate was "
            "trained on would count as a test."
        )
    way_out = "Restore the file, or name an unchanged copy of it in trained_on."
    content = VerifiedFile(path, checksum_in(path.name), way_out).read()
    return TrainingManifest.read(decode_json(content, str(path)))


def publish_promotion(lake: Store, promotion: Promotion) -> None:
    """Keep a promotion as the last one."""
    files = {assets.PROMOTION_FILE: encode_json(promotion.as_json())}
    lake.publish(assets.PROMOTIONS, Publication(files=files, code_version=CODE_VERSION))


def last_promotion(lake: Store) -> Promotion | None:
    """Return the last promotion that was recorded; None if there is none."""
    found = lake.find(assets.PROMOTIONS)
    return None if found is None else Promotion.read(found.document(assets.PROMOTION_FILE))
