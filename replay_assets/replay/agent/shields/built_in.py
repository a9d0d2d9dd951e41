"""The built-in shields, in the order in which they run."""

from collections.abc import Mapping

from replay_assets.contracts.shields import BUILT_IN_SHIELDS, OnViolation
from replay_assets.inference import SendingGate
from replay_assets.replay.agent.shields.label_leak import LabelLeakShield
from replay_assets.replay.agent.shields.policy import PolicyShield
from replay_assets.replay.agent.shields.prompt_injection import PromptInjectionShield
from replay_assets.replay.agent.shields.sanitisation import SanitisationShield
from replay_assets.replay.agent.shields.shield import Shield


def built_in_shields(
    on_violation: Mapping[str, OnViolation] | None = None,
    gate: SendingGate | None = None,
) -> tuple[Shield, ...]:
    """Return the built-in shields.

    Args:
        on_violation: what a violation does, by the name of the shield, as the catalogue has it.
        gate: knows the rules, keys and canaries of the deployment.
    """
    does = {**BUILT_IN_SHIELDS, **(on_violation or {})}
    return (
        SanitisationShield(does["sanitisation"], gate),
        LabelLeakShield(does["label_leak"]),
        PromptInjectionShield(does["prompt_injection"]),
        PolicyShield(does["policy"]),
    )
