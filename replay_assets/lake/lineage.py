"""Whether a partition is up to date with its inputs, and these with theirs.

`assets.py` declares the inputs of each asset. A manifest records the digest of each input; this
module compares them with the present digests, and returns the digests for a new manifest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from replay_assets.contracts.calendar import days_between, days_of_week
from replay_assets.contracts.gate_policy import GatePolicy
from replay_assets.contracts.review import ReviewPlan
from replay_assets.contracts.score import AGENT_SUFFIX
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.lake.addresses import Address
from replay_assets.lake.assets import (
    AGENT_REPLAY,
    BY_NAME,
    Asset,
    RootName,
    Setting,
)
from replay_assets.lake.digests import aliases_digest, digest_of, vocabulary_digest
from replay_assets.lake.published import Published
from replay_assets.lake.review_plans import find_plan
from replay_assets.lake.store import Store
from replay_assets.lake.time_zone import is_of_another_zone

MISSING_INPUT = ""
"""Used in place of a missing input's digest; it differs from every real digest."""
EARLIER_DAYS = "earlier_days"
"""One input for all days of reviews before a week: listed each, a year has thousands."""


@dataclass(frozen=True)
class State:
    """Whether a partition can be used as it is, and if not, why."""

    status: Literal["current", "stale", "missing"]
    reason: str = ""

    @property
    def is_current(self) -> bool:
        """Whether the partition exists and was made from the present inputs."""
        return self.status == "current"


CURRENT = State("current")


class Lineage:
    """A view of the partitions for one operation; each manifest is read at most once.

    Create one per operation and read partitions through it: partitions that are published later
    are not seen, except plans of reviews that are passed to `replace_review`. Roots and settings
    that are not passed are not compared. Labels that do not exist are not compared either: this
    machine may have no access to them, and scores stay valid. A day is stale if it began at another
    instant than it does in the time zone of the roots.

    Args:
        lake: the root of everything sanitized.
        evidence: the root of raw evidence.
        labels: the root of labels.
        vocabulary: the vocabulary in use.
        rules: the digest of the sanitizing rules in use.
        candidates: the digest of each candidate by its id.
        policy: the policy in use.
        language: the language of reports.
        cases: the digest of the cases of the tool-calling benchmark.
        tool_modes: how each candidate is asked to call tools, by its id.
    """

    def __init__(
        self,
        *,
        lake: Store | None = None,
        evidence: Store | None = None,
        labels: Store | None = None,
        vocabulary: Vocabulary | None = None,
        rules: str | None = None,
        candidates: Mapping[str, str] | None = None,
        policy: GatePolicy | None = None,
        language: str | None = None,
        cases: str | None = None,
        tool_modes: Mapping[str, str] | None = None,
    ) -> None:
        self._stores: dict[RootName, Store | None] = {
            "lake": lake,
            "evidence": evidence,
            "labels": labels,
        }
        zones = (store.timezone for store in self._stores.values() if store is not None)
        self._timezone = next((zone for zone in zones if zone is not None), None)
        self._settings: dict[Setting, str | None] = {
            "vocabulary": None if vocabulary is None else vocabulary_digest(vocabulary),
            "aliases": None if vocabulary is None else aliases_digest(vocabulary),
            "rules": rules,
            "policy": None if policy is None else policy.digest(),
            "language": language,
            "cases": cases,
        }
        self._candidates = candidates
        self._of_candidates: dict[Setting, Mapping[str, str] | None] = {
            "candidate": candidates,
            "tool_mode": tool_modes,
        }
        self._found: dict[Address, Published | None] = {}
        self._states: dict[Address, State] = {}
        self._reviews: dict[str, ReviewPlan | None] = {}

    def find(self, address: Address) -> Published | None:
        """Return a partition; None if it does not exist or its root is not given."""
        if address not in self._found:
            store = self._store_of(address)
            self._found[address] = None if store is None else store.find(address)
        return self._found[address]

    def get(self, address: Address) -> Published:
        """Return a partition.

        Raises:
            NotMaterializedError: it does not exist; the message says what to materialise.
        """
        found, store = self.find(address), self._store_of(address)
        if store is None:
            raise ValueError(f"{address}: the root {BY_NAME[address.asset].root!r} is not given")
        return found if found is not None else store.get(address)

    def inputs(self, address: Address) -> dict[str, str]:
        """Return the input digests for the manifest of a partition that is made now."""
        return {name: digest for name, digest in self._present(address) if digest != MISSING_INPUT}

    def changed(self, address: Address) -> list[str]:
        """Return the names of the direct inputs that have changed since a partition was made."""
        named = self.get(address).manifest.inputs
        present = dict(self._present(address))
        names = set(present)
        if BY_NAME[address.asset].lists_inputs:
            # What its manifest lists and is not usable now, such as a day, counts as changed.
            names |= named.keys() - set(BY_NAME[address.asset].settings)
        return sorted(name for name in names if named.get(name) != present.get(name))

    def was_made_with(self, address: Address, setting: Setting, digest: str) -> bool:
        """Return whether a partition exists and was made with a setting, whatever else changed.

        For a setting that does not make the partition stale here: packs of earlier rules count in
        a report, for example.
        """
        found = self.find(address)
        return found is not None and found.manifest.inputs.get(setting) == digest

    def state(self, address: Address) -> State:
        """Return whether a partition and all partitions it depends on are up to date."""
        if address not in self._states:
            self._states[address] = self._state(address)
        return self._states[address]

    def _state(self, address: Address) -> State:
        if self.find(address) is None:
            return State("missing", f"{address} has not been materialised")
        if changed := self.changed(address):
            return State("stale", f"{address} was made from other {', '.join(changed)}")
        if self._timezone is not None and is_of_another_zone(self.get(address), self._timezone):
            return State("stale", f"{address} was read as a day of another time zone")
        for source in self._sources(address):
            state = self.state(source)
            # `changed` has found missing inputs, except those that this machine may not read.
            if state.status == "stale":
                return State("stale", f"{address} was made from a stale partition: {state.reason}")
        return CURRENT

    def usable_days(self, address: Address) -> list[str]:
        """Return the days of a week whose inputs shared by all candidates are current."""
        return self.usable(BY_NAME[address.asset], days_of_week(address.key))

    def usable(self, asset: Asset, days: Iterable[str]) -> list[str]:
        """Return those of some days whose inputs shared by all candidates are current."""
        shared = [one for one in asset.inputs if not one.per_candidate]
        return [day for day in days if all(self.state(one.at(day)).is_current for one in shared)]

    def digests(self, asset: Asset, days: Sequence[str]) -> dict[str, str]:
        """Return the digests of what an asset of several days is made from, by name."""
        sources = self._sources_of(asset, self.usable(asset, days), days)
        found = {str(one): self.find(one) for one in sources}
        return {name: one.digest for name, one in found.items() if one is not None}

    def _sources(self, address: Address) -> list[Address]:
        """Return the partitions that a partition is made from; if it lists them, usable ones."""
        asset = BY_NAME[address.asset]
        if not asset.lists_inputs:
            return [one.at(address.key, address.candidate) for one in asset.inputs]
        keys = days_of_week(address.key) if address.grain == "week" else [address.key]
        return self._sources_of(asset, self.usable(asset, keys), keys)

    def _sources_of(self, asset: Asset, usable: list[str], days: Iterable[str]) -> list[Address]:
        shared = [one.at(day) for day in usable for one in asset.inputs if not one.per_candidate]
        each = [
            one.at(day, candidate)
            for candidate in self._candidates or ()
            for day in days
            for one in asset.inputs
            if one.per_candidate
        ]
        optional = [one.at(day) for day in usable for one in asset.optional]
        return [*shared, *(one for one in (*each, *optional) if self.state(one).is_current)]

    def _present(self, address: Address) -> Iterator[tuple[str, str]]:
        """Yield the name, as in a manifest, and the present digest of each input."""
        for source in self._sources(address):
            found = self.find(source)
            if found is None and self._is_withheld(BY_NAME[source.asset]):
                continue
            name = str(source) if BY_NAME[address.asset].lists_inputs else source.asset
            yield name, MISSING_INPUT if found is None else found.digest
        for setting in BY_NAME[address.asset].settings:
            if (digest := self._digest_of(setting, address)) is not None:
                yield setting, digest
        if BY_NAME[address.asset].reviews and (earlier := self._earlier_days(address)):
            yield EARLIER_DAYS, digest_of(earlier)

    def _earlier_days(self, address: Address) -> dict[str, str]:
        """Return the digests of what reviews read of the days before a week, if it is current."""
        starts = [plan.start for one in self._candidates or () if (plan := self.review_of(one))]
        first = min(starts, default=address.key)
        sources = [
            one.at(day, candidate)
            for day in (days_between(first, address.key)[:-1] if first < address.key else ())
            for one in BY_NAME[address.asset].inputs
            for candidate in (self._candidates or () if one.per_candidate else [None])
        ]
        current = (self.find(one) for one in sources if self.state(one).is_current)
        return {str(one.address): one.digest for one in current if one is not None}

    def review_of(self, candidate: str) -> ReviewPlan | None:
        """Return the plan of a candidate's review; None if it has none."""
        if candidate not in self._reviews:
            lake = self._stores["lake"]
            self._reviews[candidate] = None if lake is None else find_plan(lake, candidate)
        return self._reviews[candidate]

    def replace_review(self, plan: ReviewPlan) -> None:
        """Use a plan that this operation has published, from now on."""
        self._reviews[plan.candidate_id] = plan

    def _digest_of(self, setting: Setting, address: Address) -> str | None:
        if setting not in self._of_candidates:
            return self._settings[setting]
        digests = self._of_candidates[setting]
        if digests is None or address.candidate is None:
            return None
        of_agents = address.asset == AGENT_REPLAY.name
        candidate = f"{address.candidate}{AGENT_SUFFIX}" if of_agents else address.candidate
        return digests.get(candidate, MISSING_INPUT)

    def _is_withheld(self, asset: Asset) -> bool:
        return asset.root == "labels" or self._stores[asset.root] is None

    def _store_of(self, address: Address) -> Store | None:
        return self._stores[BY_NAME[address.asset].root]
