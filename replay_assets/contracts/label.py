"""The held-out truth of an incident. Only evidence (writes), evaluation and finetune may import it.

Import rules keep this module out of everything that builds or sends a prompt.
"""

from typing import ClassVar

from replay_assets.contracts.record import Record

LABEL_VERSION = "incident_label_v1"


class IncidentLabel(Record):
    """What was true of an incident. A field that was not recorded is None, never a default."""

    VERSION: ClassVar[str] = LABEL_VERSION

    incident_id: str
    expected_root_cause: str | None
    root_cause_category: str | None
    root_cause_component: str | None
    required_keywords: list[str] | None
    acceptable_actions: list[str] | None
    acceptable_tools: list[str] | None
    risk_level: str | None
    requires_human_approval: bool | None
    repair_expected: bool | None
    repair_succeeded: bool | None
    false_repair: bool | None
    evidence_sufficiency: str | None
    scenario_group: str | None
    environment: str | None

    def components(self) -> frozenset[str] | None:
        """Return the components at fault, case-folded; None if the label names no component.

        A label names several components in one string, joined by " / " or ", ".
        """
        if self.root_cause_component is None:
            return None
        names = self.root_cause_component.replace(" / ", ", ").split(", ")
        return frozenset(name.strip().casefold() for name in names if name.strip())
