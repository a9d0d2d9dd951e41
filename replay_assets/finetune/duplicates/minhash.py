"""Signatures of texts: the share of equal bytes estimates how many 5-grams two texts share.

One-permutation MinHash: every 5-gram falls into one of 512 bins, and a bin keeps its least hash.
The estimate of the Jaccard similarity has a standard error of at most 0.022; the last byte of a
hash is kept, which adds less than 0.004. Sources: Li, Owen and Zhang, "One Permutation Hashing"
(NIPS 2012); empty bins as in Shrivastava, "Optimal Densification for Fast and Accurate Minwise
Hashing" (ICML 2017); bytes as in Li and König, "b-Bit Minwise Hashing" (WWW 2010).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

BINS = 512
GRAM = 5
METHOD = f"one-permutation MinHash v1: character {GRAM}-grams, {BINS} bins of 8 bits"
"""Signatures of another method can't be compared with these."""

Bins = npt.NDArray[np.uint32]
Signatures = npt.NDArray[np.uint8]
_EMPTY = np.uint32(0xFFFFFFFF)
_ODD = np.uint64(0xD6E8FEB86659FD93)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def bins_of(texts: Sequence[str]) -> Bins:
    """Return the least hash in each bin, one row per text; the bins of two texts combine by `min`.

    A text of fewer than five characters is one 5-gram; an empty text has empty bins.
    """
    padded = [text.ljust(GRAM, "\0") if text else "" for text in texts]
    sizes = np.fromiter(map(len, padded), dtype=np.int64, count=len(padded))
    characters = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    found = np.full(len(padded) * BINS, _EMPTY, dtype=np.uint32)
    starts = len(characters) - GRAM + 1
    if starts > 0:
        hashes = _hashes(characters.astype(np.uint64), starts)
        rows = np.repeat(np.arange(len(padded), dtype=np.uint64), sizes)
        # A 5-gram that begins in one text and ends in the next one belongs to neither.
        whole = rows[:starts] == rows[GRAM - 1 :]
        places = rows[:starts] * np.uint64(BINS) + hashes % np.uint64(BINS)
        least = (hashes >> np.uint64(32)).astype(np.uint32)
        np.minimum.at(found, places[whole].astype(np.int64), least[whole])
    return found.reshape(len(padded), BINS)


def signatures_of(bins: Bins) -> Signatures:
    """Return the signatures of texts; an empty bin takes the hash of another one."""
    filled = bins.copy()
    has_text = (bins != _EMPTY).any(axis=1)
    for step in range(BINS):
        rows, places = np.nonzero((filled == _EMPTY) & has_text[:, None])
        if not len(rows):
            break
        filled[rows, places] = bins[rows, _probes()[places, step]]
    return (filled & np.uint32(0xFF)).astype(np.uint8)


def signatures_in(kept: Sequence[bytes]) -> Signatures:
    """Return signatures that were kept as bytes."""
    return np.frombuffer(b"".join(kept), dtype=np.uint8).reshape(len(kept), BINS)


def similarity(one: Signatures, other: Signatures) -> npt.NDArray[np.float64]:
    """Return the estimated similarity of signatures, pair by pair."""
    return np.asarray(np.count_nonzero(one == other, axis=1) / BINS, dtype=np.float64)


def _hashes(characters: npt.NDArray[np.uint64], starts: int) -> npt.NDArray[np.uint64]:
    """Return a hash of the 5-gram at each start."""
    factors = _mixed(np.arange(1, GRAM + 1, dtype=np.uint64) * _GOLDEN) | np.uint64(1)
    total = characters[:starts] * factors[0]
    for place in range(1, GRAM):
        total += characters[place : starts + place] * factors[place]
    return _mixed(total)


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return values in which every bit depends on every bit of the input."""
    for _ in range(2):
        values = (values ^ (values >> np.uint64(32))) * _ODD
    return values ^ (values >> np.uint64(32))


@cache
def _probes() -> npt.NDArray[np.int64]:
    """Return, for each bin, the order in which the others are tried if it is empty."""
    numbers = np.arange(BINS * BINS, dtype=np.uint64).reshape(BINS, BINS)
    return np.argsort(_mixed(numbers * _GOLDEN), axis=1, kind="stable")
