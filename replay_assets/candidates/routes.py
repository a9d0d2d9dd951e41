"""Routes: entries of the catalogue that name other entries, asked in order until one answers.

A route is a candidate: it is replayed, graded and reported as one. Each member keeps its prompt,
sampling, limits, prices and key, so a route has none of these itself.
"""

from collections.abc import Mapping, Sequence

from replay_assets.candidates.candidate import Candidate


def objection_to(
    route: Candidate, entries: Mapping[str, Candidate]
) -> tuple[tuple[str | int, ...], str] | None:
    """Return the place in a route's entry of what can't be asked, and what is wrong; or None."""
    ids = route.route or ()
    for index, member_id in enumerate(ids):
        if (wrong := _objection_to_member(member_id, entries)) is not None:
            return ("route", index), wrong
        if member_id in ids[:index]:
            return ("route", index), f"{member_id!r} is in this route twice; remove one"
    if route.budget_usd is not None:
        for member in (entries[one] for one in ids):
            if member.prices_usd_per_million is None or member.bound_of_answer is None:
                return ("budget_usd",), (
                    f"can't be counted: {member.id!r} needs prices_usd_per_million, and "
                    "sampling.max_tokens or limits.answer_tokens"
                )
    return None


def resolved(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the entries, each route with its members; all of these exist."""
    entries = {one.id: one for one in candidates}
    return [
        one if one.route is None else one.with_members(entries[member] for member in one.route)
        for one in candidates
    ]


def _objection_to_member(member_id: str, entries: Mapping[str, Candidate]) -> str | None:
    member = entries.get(member_id)
    if member is None:
        usable = (one.id for one in entries.values() if one.route is None and one.role is None)
        return f"{member_id!r} is not a candidate of this catalogue; it has {', '.join(usable)}"
    if member.route is not None:
        return f"{member_id!r} is a route itself; name its members instead"
    if member.role is not None:
        return f"{member_id!r} is a {member.role}, which is not replayed; name another candidate"
    if member.prompt_variant == "no_evidence":
        return f"{member_id!r} is asked without evidence; name another candidate"
    return None
