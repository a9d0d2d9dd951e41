"""The scores of one candidate's day, from what the lake has of it."""

from replay_assets.candidates import Candidate
from replay_assets.contracts.result import ReplayResult
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.evaluation.grading import (
    agent_scores,
    score_results,
    scores_publication,
    with_agent_scores,
)
from replay_assets.evaluation.masked_labels import masked_labels_of, require_rules
from replay_assets.lake import Address, Lineage, Publication, assets


def scores_of_day(
    candidate: Candidate, address: Address, lineage: Lineage, vocabulary: Vocabulary
) -> Publication:
    """Return the scores of a day; of an agent, also what its investigations took."""
    require_rules(lineage, address.key)
    labels = masked_labels_of(lineage, address.key)
    found = lineage.get(assets.REPLAY_RESULTS.at(address.key, candidate.id))
    evidence = lineage.get(assets.INCIDENT_EVIDENCE.at(address.key))
    results = [ReplayResult.read(one) for one in found.records(assets.RESULTS_FILE)]
    scores = score_results(
        results,
        labels,
        evidence.rows(assets.RECORDED_REPAIRS),
        vocabulary=vocabulary,
        baseline=candidate.baseline,
    )
    publication = scores_publication(scores, address, inputs=lineage.inputs(address))
    if not candidate.is_agent:
        return publication
    steps = found.rows(assets.AGENT_STEPS)
    return with_agent_scores(publication, agent_scores(results, steps, scores, labels))
