"""The catalogue: which candidates there are, read from a file.

A wrong file is refused with the line, the field and the allowed values. Keys are never in it: an
entry names the environment variable that holds one, and what may be a secret is not shown. Other
values may be written `${NAME:-default}`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Self

from replay_assets.candidates import agents, controls, routes, shields
from replay_assets.candidates.candidate import Candidate
from replay_assets.candidates.key_variables import objection_to
from replay_assets.errors import ConfigurationError
from replay_assets.parsing.yaml_files import Mistake, Secrecy, load_yaml
from replay_assets.parsing.yaml_variables import Variables
from replay_assets.sanitizing import sanitize_text

ReadVariable = Callable[[str], str | None]


class Catalogue(tuple[Candidate, ...]):
    """The candidates in the file's order, each with its control after it if it has one."""

    __slots__ = ()

    def get(self, candidate_id: str) -> Candidate:
        """Return a candidate by id.

        Raises:
            ConfigurationError: there is none; the message lists those there are.
        """
        for candidate in self:
            if candidate.id == candidate_id:
                return candidate
        raise ConfigurationError(
            f"no candidate {candidate_id!r} in the catalogue; "
            f"it has {', '.join(candidate.id for candidate in self)}"
        )

    def named(self, candidate_ids: Iterable[str]) -> list[Candidate]:
        """Return candidates by their ids, each with its control.

        Raises:
            ConfigurationError: the catalogue does not have one of them.
        """
        found = controls.with_controls(self.get(candidate_id) for candidate_id in candidate_ids)
        return list({candidate.id: candidate for candidate in found}.values())

    @property
    def replayed(self) -> "Catalogue":
        """The candidates that are replayed and compared: those without a role."""
        return Catalogue(candidate for candidate in self if candidate.role is None)

    @property
    def agents(self) -> "Catalogue":
        """The candidates that also investigate with tools."""
        return Catalogue(candidate for candidate in self.replayed if candidate.agent)

    @property
    def graded(self) -> "Catalogue":
        """The candidates that are graded: those that are replayed, and the agents among them."""
        return Catalogue(agents.with_agents(self.replayed))

    @property
    def shields(self) -> "Catalogue":
        """The shields that ask a model, for agents."""
        return Catalogue(candidate for candidate in self if candidate.role == "shield")

    @property
    def judge(self) -> Candidate | None:
        """The judge of feedback; None if the built-in one judges."""
        return next((candidate for candidate in self if candidate.role == "judge"), None)

    @property
    def routes(self) -> dict[str, tuple[str, ...]]:
        """The members of each route, in the order in which they are asked."""
        return {one.id: one.route for one in self if one.route is not None}

    @property
    def key_variables(self) -> tuple[str, ...]:
        """The environment variables that hold a key of some candidate."""
        names = (candidate.api_key_env for candidate in self)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    @classmethod
    def load(cls, path: Path | None = None, variable: ReadVariable = lambda _: None) -> Self:
        """Read a catalogue file; the shipped one where no path is given.

        Args:
            path: the file.
            variable: returns the value of an environment variable, for `${NAME:-default}`.

        Raises:
            ConfigurationError: line, field and allowed values of every mistake.
        """
        entries = load_yaml(
            path or files("replay_assets.candidates") / "candidates.yaml",
            list[Candidate],
            what="catalogue",
            check=_mistakes,
            secrecy=_SECRECY,
            variables=Variables(variable, objection_to),
        )
        return cls(controls.with_controls(routes.resolved(entries)))


# In these two fields any wrong value may be a key or contain a password; messages go to logs.
_SECRECY = Secrecy(
    lambda value: sanitize_text(value) != value, fields=frozenset({"api_key_env", "base_url"})
)


def _mistakes(candidates: Sequence[Candidate]) -> Iterator[Mistake]:
    """Yield candidates whose name another one has already, keys in addresses, wrong routes."""
    seen: dict[str, str] = {}
    entries = {one.id: one for one in candidates}
    for index, candidate in enumerate(candidates):
        if any(sanitize_text(value) != value for value in candidate.options_of_url):
            yield Mistake((index, "base_url"), "has an option that looks like a secret; remove it")
        for objection in (controls.objection_to(candidate), agents.objection_to(candidate)):
            if objection is not None:
                field, wrong = objection
                yield Mistake((index, field), wrong)
        if (misrouted := routes.objection_to(candidate, entries)) is not None:
            place, wrong = misrouted
            yield Mistake((index, *place), wrong)
        if (unknown := shields.objection_to(candidate, candidates)) is not None:
            yield Mistake((index, "on_violation"), unknown)
        for one in agents.with_agents(controls.with_controls([candidate])):
            if (first := seen.get(one.node_name)) is not None:
                yield Mistake(
                    (index, "id"),
                    f"ids {first!r} and {one.id!r} differ at most in - and _, and would be one "
                    "node of the asset graph; rename one",
                )
            seen.setdefault(one.node_name, one.id)
    yield from _mistakes_of_judges(candidates)
    if not seen:
        yield Mistake((), "the list is empty; add a candidate")


def _mistakes_of_judges(candidates: Sequence[Candidate]) -> Iterator[Mistake]:
    """Yield a second judge, and a judge whose model is also a candidate's."""
    judges = [(index, one) for index, one in enumerate(candidates) if one.role == "judge"]
    for index, judge in judges[1:]:
        yield Mistake(
            (index, "role"),
            f"{judges[0][1].id!r} and {judge.id!r} are both judges; keep one of them",
        )
    for index, judge in judges:
        if (same := judged_by_itself(judge, candidates)) is not None:
            yield Mistake((index, "model"), same)


def judged_by_itself(judge: Candidate, candidates: Sequence[Candidate]) -> str | None:
    """Return what is wrong if a judge is the model of a candidate that its labels help to train."""
    for one in candidates:
        # A route has no model itself; its members are candidates too.
        if one.role is not None or one.route is not None or one.baseline:
            continue
        if judge.model.lower() == one.model.lower():
            return (
                f"{judge.model} is also the model of candidate {one.id!r}: a judge must not be "
                "the candidate that it helps to train; use another model"
            )
    return None
