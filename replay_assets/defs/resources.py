"""Resources of the assets: source, roots, vocabulary, keys, safeguards and state.

They are plain objects, not configurable resources: their settings come from the environment, and a
database URL, which may contain a password, must not appear in run configuration or in the UI. An
asset's signature shows whether it gets the labels root, and tests check it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from replay_assets.candidates import Candidate, Catalogue
from replay_assets.contracts.calendar import DayWindow, day_window
from replay_assets.contracts.gate_policy import GatePolicy, load_policy
from replay_assets.contracts.vocabulary import Vocabulary, load_vocabulary
from replay_assets.inference import RunStores, SendingGate
from replay_assets.lake import Store
from replay_assets.sanitizing import OutboundPolicy, RuleSet, load_canaries, rules_of, token_rules
from replay_assets.settings import AUDIT_KEY, Settings, read_secret, read_secrets
from replay_assets.source import IncidentDatabase, SourceMapping, load_mapping


@dataclass(frozen=True)
class Source:
    """The incident database, the time zone of its days, and limits for reading it."""

    # Resources are shown in logs and in the UI, and a URL may contain a password.
    url: str = field(repr=False)
    mapping: SourceMapping
    timezone: str
    first_day: str
    look_back_days: int
    max_text_bytes: int

    def open(self) -> IncidentDatabase:
        """Open the database, for a `with` block."""
        return IncidentDatabase(self.url, self.mapping)

    def window(self, day: str) -> DayWindow:
        """Return a day's window in the configured time zone, as of now."""
        return day_window(day, self.timezone, now=datetime.now(UTC))


@dataclass(frozen=True)
class ReplayState:
    """The folder of the replays' journals, cache and ledger; always on a local disk."""

    root: Path
    timezone: str

    @property
    def stores(self) -> RunStores:
        """The stores of calls and spending of all replays."""
        return RunStores.local(self.root, shared=self.root)

    def work(self, candidate: Candidate, day: str) -> str:
        """Return the name of the work: one candidate's replay of one day."""
        return f"replay/{candidate.id}/{day}"

    def folder(self, candidate: Candidate, day: str) -> Path:
        """Return the folder of one candidate's day."""
        return self.root / self.work(candidate, day)


class ApiKeys:
    """API keys of endpoints, read from the environment when they are needed and never stored."""

    def key_of(self, candidate: Candidate, warn: Callable[[str], None]) -> str | None:
        """Return a candidate's key; None if it needs none, or is a route, whose members have keys.

        `warn` is called for each member of a route without its key: it is not asked.

        Raises:
            dg.Failure: its variable is not set; of a route, those of all members.
        """
        missing = [one for one in candidate.members if not one.has_key(self.of_variable)]
        if len(missing) == len(candidate.members):
            names = list(dict.fromkeys(str(one.api_key_env) for one in missing))
            unset = f"{names[0]} is not" if len(names) == 1 else f"none of {', '.join(names)} is"
            raise dg.Failure(
                f"candidate {candidate.id}: {unset} set. Export it where "
                "Dagster runs, then rerun this partition; other candidates are not affected.",
                allow_retries=False,
            )
        for one in missing:
            warn(f"{candidate.id}: {one.id} is skipped, because {one.api_key_env} is not set")
        return read_secret(candidate.api_key_env)

    def of_variable(self, name: str) -> str | None:
        """Return the key in a variable; None if it is not set."""
        return read_secret(name)


@dataclass(frozen=True)
class Safeguards:
    """The sanitizing rules, and the canaries and keys that must never be sent or stored."""

    rules: RuleSet
    canaries: tuple[str, ...] = field(repr=False)
    key_variables: tuple[str, ...]

    def policy(self) -> OutboundPolicy:
        """Return the policy for text that will be stored; keys are read now."""
        return OutboundPolicy(
            self.rules, secrets=read_secrets(self.key_variables), canaries=self.canaries
        )

    def gate(self) -> SendingGate:
        """Return the gate that every request of a run passes; keys are read now."""
        return SendingGate(
            secrets=read_secrets(self.key_variables), canaries=self.canaries, rules=self.rules
        )

    def gate_of_tokens(self) -> SendingGate:
        """Return the gate of requests that hold no incident: mail and IP addresses may be sent."""
        return SendingGate(
            secrets=read_secrets(self.key_variables),
            canaries=self.canaries,
            rules=token_rules(self.rules),
        )

    def audit_key(self) -> str | None:
        """Return the key of the audit's hashes; None if it is not set."""
        return read_secret(AUDIT_KEY)


Root = dg.ResourceParam[Store]
"""A root of partitions; the parameter's name selects it: `lake`, `evidence` or `labels`."""
IncidentSource = dg.ResourceParam[Source]
AnswerVocabulary = dg.ResourceParam[Vocabulary]
Policy = dg.ResourceParam[GatePolicy]
Keys = dg.ResourceParam[ApiKeys]
State = dg.ResourceParam[ReplayState]
OutboundSafeguards = dg.ResourceParam[Safeguards]


def build_resources(settings: Settings, catalogue: Catalogue) -> dict[str, object]:
    """Return every resource by the parameter name that assets use for it."""
    return {
        "source": Source(
            url=settings.source_url,
            mapping=load_mapping(settings.mapping),
            timezone=settings.timezone,
            first_day=settings.first_day,
            look_back_days=settings.look_back_days,
            max_text_bytes=settings.max_text_bytes,
        ),
        "lake": Store(settings.lake, settings.timezone),
        "evidence": Store(settings.evidence, settings.timezone),
        "labels": Store(settings.labels, settings.timezone),
        "vocabulary": load_vocabulary(settings.vocabulary),
        "policy": load_policy(settings.policy),
        "api_keys": ApiKeys(),
        "state": ReplayState(settings.state, settings.timezone),
        "safeguards": Safeguards(
            rules=rules_of(settings.rules),
            canaries=load_canaries(settings.canaries),
            key_variables=catalogue.key_variables,
        ),
    }
