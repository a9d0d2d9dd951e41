"""Sanitizes triples: a judge sees placeholders only, the same ones as in the incident's pack."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from replay_assets.contracts.feedback import FeedbackTriple
from replay_assets.sanitizing import (
    IncidentSanitizer,
    RuleSet,
    incidents_of,
    redacted_errors,
    sanitize_incident,
)

Rows = Iterable[Mapping[str, Any]]


def clean_triples(
    triples: Sequence[FeedbackTriple],
    rules: RuleSet,
    maps: Mapping[str, Callable[[], IncidentSanitizer]] | None = None,
) -> list[FeedbackTriple]:
    """Return sanitized triples, in their order.

    Triples of one incident share a map; one without an incident has its own.

    Args:
        triples: the triples, with raw texts.
        rules: the sanitizing rules.
        maps: makes the map of an incident whose evidence is known, by incident id.
    """
    groups: dict[str, list[int]] = {}
    for index, triple in enumerate(triples):
        own = f"\0{index}"  # not a valid id of an incident
        groups.setdefault(triple.incident_id or own, []).append(index)
    cleaned: dict[int, FeedbackTriple] = {}
    for incident_id, indexes in groups.items():
        with redacted_errors(triples[indexes[0]].incident_id or triples[indexes[0]].id):
            make_map = (maps or {}).get(incident_id, lambda: IncidentSanitizer(rules))
            texts = _clean([triples[index] for index in indexes], make_map())
        for index, clean in zip(indexes, texts, strict=True):
            cleaned[index] = triples[index].model_copy(update=clean)
    return [cleaned[index] for index in range(len(triples))]


def maps_of_incidents(
    evidence: Rows, messages: Rows, rules: RuleSet
) -> dict[str, Callable[[], IncidentSanitizer]]:
    """Return what makes the map of each incident of a day: the one with which its pack was built.

    A map is made when it is needed, because few incidents have feedback.
    """
    return {
        raw.incident_id: lambda raw=raw: sanitize_incident(raw, rules).sanitizer  # type: ignore[misc]
        for raw in incidents_of(evidence, messages)
    }


def _clean(triples: Sequence[FeedbackTriple], sanitizer: IncidentSanitizer) -> list[dict[str, str]]:
    masked = [
        {name: sanitizer.raw_text(text) for name, text in one.texts.items()} for one in triples
    ]
    # Only after all texts were read: a later one may mark a value that an earlier one contains.
    swept: list[dict[str, str]] = sanitizer.sweep(masked)
    return swept
