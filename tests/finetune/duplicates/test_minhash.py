"""Signatures estimate how many 5-grams two texts share."""

import random

import numpy as np
import pytest

from replay_assets.finetune.duplicates.minhash import BINS, bins_of, signatures_of, similarity
from replay_assets.finetune.duplicates.similar import pairs_across, similar_pairs
from tests.finetune.duplicates.planted import edited, incident

TEXTS = [incident(seed)[0].replace("\n", "") for seed in range(30)]


def exact(one: str, other: str) -> float:
    """Return the share of 5-grams of two texts that both have."""
    grams = [{text[i : i + 5] for i in range(len(text) - 4)} for text in (one, other)]
    return len(grams[0] & grams[1]) / len(grams[0] | grams[1])


@pytest.mark.parametrize("characters", [100, 400, 2000])
def test_the_estimate_is_near_the_exact_share(characters: int) -> None:
    """No bias, and the error that the docstring states."""
    chance = random.Random(characters)
    texts = [text[:characters] for text in TEXTS]
    others = [edited(chance.choice((0.02, 0.05, 0.1)))(text, chance) for text in texts]
    found = similarity(signatures_of(bins_of(texts)), signatures_of(bins_of(others)))
    errors = found - [exact(*pair) for pair in zip(texts, others, strict=True)]
    assert abs(errors.mean()) < 0.012
    assert errors.std() < 0.03


def test_a_text_has_one_signature_whatever_is_next_to_it() -> None:
    """No 5-gram reaches from one text of a batch into the next one; empty and short texts too."""
    texts = ["", "web", *TEXTS[:5], "\U0001f525" * 3, "\ud800 half"]
    together = bins_of(texts)
    for number, text in enumerate(texts):
        assert (together[number] == bins_of([text])[0]).all()
    assert (signatures_of(bins_of(["web"])) == signatures_of(bins_of(["web"]))).all()


def test_bins_of_two_texts_combine() -> None:
    """The signature of question and answer needs no third pass."""
    one, other = bins_of(TEXTS[:1]), bins_of(TEXTS[1:2])
    joined = bins_of([TEXTS[0] + TEXTS[1]])
    share = similarity(signatures_of(np.minimum(one, other)), signatures_of(joined))
    assert share[0] > 0.97


def test_signatures_are_the_same_in_every_release() -> None:
    """They are kept and compared with those of later exports: another method needs another name."""
    found = signatures_of(bins_of(["checkout-api 連線池耗盡 after 12 requests", "web"]))
    assert found.shape == (2, BINS)
    assert found[:, :6].tolist() == [[140, 176, 47, 59, 244, 116], [110, 110, 110, 110, 110, 110]]


def test_pairs_across_are_those_of_comparing_everything() -> None:
    """The product of matrices is a filter: it loses no pair."""
    chance = random.Random(5)
    changed = [edited(0.08)(text, chance) for text in TEXTS]
    one, other = signatures_of(bins_of(TEXTS)), signatures_of(bins_of(changed))
    expected = {
        (a, b)
        for a in range(len(one))
        for b in range(len(other))
        if (one[a] == other[b]).mean() >= 0.4
    }
    found = [pair for part in pairs_across(one, other, 0.4) for pair in zip(*part[:2], strict=True)]
    assert set(found) == expected
    assert len(expected) >= 20


def test_a_band_that_all_share_does_not_compare_all_with_all() -> None:
    """Two hundred copies are each compared with the first, and with a few others."""
    copies = np.repeat(signatures_of(bins_of(TEXTS[:1])), 200, axis=0)
    one, other = similar_pairs(copies, 0.5, 0)
    assert set(other.tolist()) == set(range(1, 200))
    assert (one == 0).sum() == 199
    assert len(one) < 2000
