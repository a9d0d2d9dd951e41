"""Finds pairs of similar signatures without comparing every text with every other one."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from replay_assets.finetune.duplicates.minhash import BINS, Signatures, similarity

Band = np.uint32
"""Four bins. Signatures are compared if one of 128 bands is equal: 99.5 % of pairs at 0.45 are."""
NEIGHBOURS = 8
"""In a band that many signatures share, each is compared with the first and this many after it."""
CHUNK = 1 << 15
SLACK = 0.2
"""One bit per bin estimates a similarity with a standard error of 0.05: four of these."""

Numbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]
Pairs = tuple[Numbers, Numbers]


def similar_pairs(signatures: Signatures, least: float, compared_from: int = 0) -> Pairs:
    """Return pairs of rows whose estimated similarity is at least `least`, the lower row first.

    Args:
        signatures: one row per text, the texts that win over others first: in a band that many
            share, all are compared with the first one.
        least: the least similarity.
        compared_from: rows before this one are not compared with each other.
    """
    count = len(signatures)
    found = np.empty(0, dtype=np.int64)
    for keys in np.ascontiguousarray(signatures).view(Band).T if count else ():
        pairs = _sharing(keys, count)
        pairs = pairs[pairs % count >= compared_from]
        pairs = pairs[~np.isin(pairs, found)]
        shares = similarities(signatures, pairs // count, signatures, pairs % count)
        found = np.sort(np.concatenate([found, pairs[shares >= least]]))
    return found // max(1, count), found % max(1, count)


def pairs_across(
    signatures: Signatures, others: Signatures, least: float
) -> Iterator[tuple[Numbers, Numbers, Shares]]:
    """Yield the pairs of a signature and another one that are similar enough, with the similarity.

    Every pair is compared, so that none is missed: first one bit of each bin, by a product of
    matrices, then what is left as `similarity` does.
    """
    bits = _bits(others).T
    rows = max(1, CHUNK * BINS // max(1, len(others)))
    for start in range(0, len(signatures) if len(others) else 0, rows):
        near = _bits(signatures[start : start + rows]) @ bits >= (least - SLACK) * BINS
        one, other = np.nonzero(near)
        one += start
        shares = similarities(signatures, one, others, other)
        similar = shares >= least
        yield one[similar], other[similar], shares[similar]


def similarities(
    signatures: Signatures, rows: Numbers, others: Signatures, columns: Numbers
) -> Shares:
    """Return the similarity of one signature and another for each pair, in limited memory."""
    chunks = [
        similarity(signatures[rows[start : start + CHUNK]], others[columns[start : start + CHUNK]])
        for start in range(0, len(rows), CHUNK)
    ]
    return np.concatenate(chunks) if chunks else np.empty(0)


def _sharing(keys: npt.NDArray[np.uint32], count: int) -> Numbers:
    """Return the pairs of rows with equal keys as one number each, `lower * count + higher`."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    places = np.arange(count)
    starts = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    first = np.maximum.accumulate(np.where(starts, places, 0))
    # Those nearer to the first one are compared with it below, as its neighbours.
    far = places - first > NEIGHBOURS
    codes = [order[first[far]] * count + order[far]]
    for distance in range(1, min(NEIGHBOURS, count - 1) + 1):
        equal = ordered[distance:] == ordered[:-distance]
        codes.append(order[:-distance][equal] * count + order[distance:][equal])
    return np.concatenate(codes)


def _bits(signatures: Signatures) -> npt.NDArray[np.float32]:
    """Return the last bit of each bin as 1 or -1: the product of two texts is their similarity."""
    return np.where(signatures & 1, np.float32(1), np.float32(-1))
