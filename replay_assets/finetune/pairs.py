"""Which pairs are worth learning: different answers of similar length, a few for each prompt."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from replay_assets.contracts.names import folded
from replay_assets.finetune.rows import Row, row_id
from replay_assets.finetune.texts import key_of


def kept_pairs(
    pairs: Iterable[tuple[Row, float]], *, length_ratio: float, per_prompt: int
) -> tuple[list[Row], Counter[str]]:
    """Return the pairs that stay, and how many do not, by reason.

    A pair whose answers are the same after normalisation teaches nothing, and one with a much
    longer answer teaches the length. Of each prompt's pairs, those that win by most stay.

    Args:
        pairs: each pair with how much its better answer wins by.
        length_ratio: how many times longer one answer may be than the other.
        per_prompt: how many pairs a prompt may have.
    """
    dropped: Counter[str] = Counter()
    by_prompt: dict[str, dict[str, tuple[float, str, Row]]] = defaultdict(dict)
    for row, won in pairs:
        rejected = "\n".join(one.content for one in row.rejected)
        shorter, longer = sorted((len(row.answer), len(rejected)))
        if folded(row.answer) == folded(rejected):
            dropped["pair_answers_are_the_same"] += 1
        elif longer > length_ratio * shorter:
            dropped["pair_length_ratio"] += 1
        else:
            identity = row_id(row)
            prompt = key_of(row.incident_id, *row.question)
            by_prompt[prompt][identity] = (-won, identity, row)
    kept: list[Row] = []
    for found in by_prompt.values():
        ranked = sorted(found.values(), key=lambda one: one[:2])
        kept += [row for _, _, row in ranked[:per_prompt]]
        dropped["pairs_per_prompt"] += max(0, len(ranked) - per_prompt)
    return kept, +dropped
