"""The built-in shields, in the order in which they run."""

from collections.abc import Mapping

from replay_assets.replay.agent.shields.label_leak import LabelLeakShield
from replay_assets.replay.agent.shields.policy import PolicyShield
from replay_assets.replay.agent.shields.prompt_injection import PromptInjectionShield
from replay_assets.replay.agent.shields.sanitisation import SanitisationShield
from replay_assets.replay.agent.shields.shield import OnViolation, Shield
from replay_assets.sanitizing import OutboundPolicy

DEFAULTS: Mapping[str, OnViolation] = {
    "sanitisation": "end_turn",
    "label_leak": "end_turn",
    "prompt_injection": "flag",
    "policy": "flag",
}
"""What a violation of each shield does, unless the catalogue says otherwise."""


def built_in_shields(
    on_violation: Mapping[str, OnViolation] | None = None, policy: OutboundPolicy | None = None
) -> tuple[Shield, ...]:
    """Return the built-in shields.

    Args:
        on_violation: what a violation does, by the name of the shield, as the catalogue has it.
        policy: the rules, keys and canaries of the deployment.
    """
    does = {**DEFAULTS, **(on_violation or {})}
    return (
        SanitisationShield(does["sanitisation"], policy),
        LabelLeakShield(does["label_leak"]),
        PromptInjectionShield(does["prompt_injection"]),
        PolicyShield(does["policy"]),
    )
