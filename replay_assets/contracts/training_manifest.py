"""What a model was trained on: a review leaves these incidents out, because it has seen them.

An export writes this file next to its rows; the catalogue's `trained_on` names it.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar

from replay_assets.contracts.record import Record

TRAINING_VERSION = "training_manifest_v1"


class TrainingManifest(Record):
    """The incidents behind the rows of an export.

    Attributes:
        export_id: the id of the export.
        incident_ids: the incidents whose rows were exported.
        scenario_groups: their scenario groups; every incident of these groups is left out.
        clusters: incidents that are nearly the same as an exported one, by cluster.
    """

    VERSION: ClassVar[str] = TRAINING_VERSION

    export_id: str
    incident_ids: tuple[str, ...]
    scenario_groups: tuple[str, ...]
    clusters: dict[str, tuple[str, ...]]

    @cached_property
    def _incidents(self) -> frozenset[str]:
        return frozenset(self.incident_ids).union(*self.clusters.values())

    def covers(self, incident_id: str, scenario_group: str) -> bool:
        """Return whether a model that was trained on this has seen an incident, or one like it."""
        return incident_id in self._incidents or scenario_group in self.scenario_groups


def is_trained_on(
    manifests: Iterable[TrainingManifest], incident_id: str, scenario_group: str
) -> bool:
    """Return whether any of several exports covers an incident."""
    return any(one.covers(incident_id, scenario_group) for one in manifests)
