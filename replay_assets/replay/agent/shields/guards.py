"""The shields of a run: the built-in ones, and those of the catalogue that ask a model."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from replay_assets.candidates import Candidate
from replay_assets.contracts.shields import OnViolation
from replay_assets.inference import SendingGate
from replay_assets.replay.agent.shields.built_in import built_in_shields
from replay_assets.replay.agent.shields.model_based import ModelShield
from replay_assets.replay.agent.shields.shield import Shield

ReadKey = Callable[[str], str | None]
"""Returns the key in an environment variable; None if it is not set."""
MODEL_SHIELD: OnViolation = "end_turn"
"""What a violation of a model-based shield does, unless the catalogue says otherwise."""


@dataclass(frozen=True)
class Guards:
    """The shields of a run, and what those that ask a model need.

    Attributes:
        shields: the shields, in order.
        models: the entries of the catalogue that shields ask.
        keys: reads their keys.
    """

    shields: Sequence[Shield] = ()
    models: Sequence[Candidate] = ()
    keys: ReadKey = lambda _: None

    @property
    def subject(self) -> list[str]:
        """What must be the same for a run to continue."""
        asked = {one.id: one.digest() for one in self.models}
        return [
            " ".join([one.name, one.on_violation, asked.get(one.name, "")]).strip()
            for one in self.shields
        ]


def guards_of(
    candidate: Candidate,
    gate: SendingGate,
    entries: Iterable[Candidate] = (),
    keys: ReadKey = lambda _: None,
) -> Guards:
    """Return the shields of an agent.

    Args:
        candidate: the agent, whose entry may say what a violation does.
        gate: knows the rules, keys and canaries of the deployment.
        entries: the entries of the catalogue that are shields.
        keys: reads their keys; a shield without its key is in the run, and says that it did not
            run.
    """
    said = candidate.on_violation if isinstance(candidate.on_violation, Mapping) else {}
    shields: list[Shield] = [*built_in_shields(said, gate)]
    models = []
    for one in entries:
        own = one.on_violation if isinstance(one.on_violation, str) else MODEL_SHIELD
        missing = None if one.has_key(keys) else f"{one.api_key_env} is not set"
        shields.append(ModelShield(one.id, said.get(one.id, own), not_ready=missing))
        if missing is None:
            models.append(one)
    return Guards(shields, models, keys)
