"""Values of labels that no answer can give, as the report and a check list them."""

from collections import defaultdict
from collections.abc import Mapping

from replay_assets.contracts.label import IncidentLabel, problems_of
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.sanitizing import mask_strict

LONGEST_WORD = 40


def unmet_labels(
    labels: Mapping[str, IncidentLabel], vocabulary: Vocabulary
) -> dict[str, list[str]]:
    """Return what no answer can meet, with the nearest words, and the incidents of each.

    Only words in the place of a category or an action are repeated, cut and masked: free text of a
    label must not leave its root.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for incident, label in labels.items():
        for problem in problems_of(label, vocabulary):
            if problem.value is not None:
                problem = problem._replace(value=str(mask_strict(problem.value))[:LONGEST_WORD])
            found[str(problem)].append(incident)
    return dict(sorted(found.items()))
