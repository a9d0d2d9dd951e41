"""Makes the client of a run: one for a candidate alone, or one with those of a route's members."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from replay_assets.candidates import Candidate
from replay_assets.inference.call_store import CallStore
from replay_assets.inference.chat import ChatClient, InFlight, SendingGate
from replay_assets.inference.routing.breaker import CircuitBreakers
from replay_assets.inference.routing.client import RouteClient
from replay_assets.inference.routing.guarded_limit import GuardedLimits
from replay_assets.inference.spending import CandidateBudget, Ledger
from replay_assets.inference.throttling import LimitStore

ReadKey = Callable[[str], str | None]
"""Returns the key in an environment variable; None if it is not set."""


@dataclass(frozen=True)
class Clients:
    """What the clients of a run share.

    Args:
        candidate: the candidate of the run.
        others: candidates that some questions are addressed to.
        api_key: the key of `candidate`; None for a route.
        keys: reads the keys of all others.
        gate: checks what is sent; by default, it blocks these keys and what the strict rules find.
        ledger: the spending of the day; None if no candidate has a daily budget.
        calls: the kept calls, which show what the run has spent so far.
        timezone: the zone of the days of prices and budgets.
        limits: the limits of endpoints.
        breakers: the circuit breakers of endpoints.
    """

    candidate: Candidate
    others: Sequence[Candidate]
    api_key: str | None
    keys: ReadKey
    gate: SendingGate | None
    ledger: Ledger | None
    calls: CallStore
    timezone: str
    limits: LimitStore
    breakers: CircuitBreakers

    def open(self) -> ChatClient | RouteClient:
        """Return the client of the run; the event loop that uses it must be running."""
        one = self.candidate
        if one.route is None and not self.others:
            return ChatClient(
                one,
                api_key=self.api_key,
                gate=self.gate,
                ledger=self.ledger,
                spent_usd=self.calls.spent_usd,
                timezone=self.timezone,
                limits=self.limits,
            )
        return self._route()

    def _route(self) -> RouteClient:
        route, in_flight = self.candidate, InFlight()
        everyone = {one.id: one for one in (*self.others, *route.members)}
        keys = {name: self._key_of(one) for name, one in everyone.items()}
        missing = {
            name: one.api_key_env
            for name, one in everyone.items()
            if one.api_key_env is not None and not keys[name]
        }
        route_budget = None
        if route.route is not None:
            ledger = self._ledger_of(route)
            route_budget = CandidateBudget(route, ledger=ledger, spent_usd=self.calls.spent_usd)
        gate = self.gate or SendingGate(secrets=[key for key in keys.values() if key])
        members = [] if route_budget is None else [one.id for one in route.members]
        usable = [name for name in members if name not in missing]
        clients = {}
        for name, one in everyone.items():
            if name in missing:
                continue
            is_member, has_next = name in members, name in usable[:-1]
            clients[name] = ChatClient(
                self._capped(one) if is_member else one,
                api_key=keys[name],
                gate=gate,
                ledger=self._ledger_of(one),
                spent_usd=self.calls.spent_by_member.get(name, 0.0),
                timezone=self.timezone,
                limits=self._guarded(has_next=has_next) if is_member else self.limits,
                in_flight=in_flight,
                route_budget=route_budget if is_member else None,
                first_byte_s=route.first_byte_s if has_next else None,
            )
        breakers = {name: self.breakers.breaker_of(everyone[name].limit_key) for name in members}
        return RouteClient(route.members, clients, breakers, missing=missing, in_flight=in_flight)

    def _guarded(self, *, has_next: bool) -> LimitStore:
        return GuardedLimits(self.limits, self.breakers, has_next=has_next)

    def _capped(self, member: Candidate) -> Candidate:
        """Return a member with at most as many requests in flight as the route's first member."""
        most = self.candidate.members[0].limits.concurrency
        return member.at_concurrency(min(member.limits.concurrency, most))

    def _key_of(self, one: Candidate) -> str | None:
        if one is self.candidate:
            return self.api_key
        key = None if one.api_key_env is None else self.keys(one.api_key_env)
        return (key or "").strip() or None

    def _ledger_of(self, one: Candidate) -> Ledger | None:
        budget = one.budget_usd
        return self.ledger if budget is not None and budget.day is not None else None
