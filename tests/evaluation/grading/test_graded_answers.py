"""Our strict root cause against the score that a benchmark gave to recorded answers."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from replay_assets.contracts.component_names import ComponentNames
from replay_assets.contracts.names import folded

FOLDER = Path(os.environ.get("REPLAY_REAL_DATA") or "/nonexistent") / "graded_answers"
ASKED_KAPPA = 0.95
ASKED = {"task_2": ("reason",), "task_3": ("component",), "task_6": ("component", "reason")}
"""They ask for reason, component, or both; the others ask for a time, which we do not grade."""

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="REPLAY_REAL_DATA does not name a folder with graded answers"
)


def answers() -> list[dict[str, Any]]:
    text = (FOLDER / "openrca_answers.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def truths(text: str, field: str) -> list[str]:
    return re.findall(rf"^{field}: (.+)$", text, re.MULTILINE)


def strict(row: dict[str, Any]) -> bool:
    """Whether every asked item is named, and nothing else."""
    try:
        causes = list(json.loads(row["answer"]).values())
    except (ValueError, AttributeError):
        return False
    names = ComponentNames()
    right = True
    for field in ASKED[row["task"]]:
        found = [str(cause.get(f"root cause {field}", "")) for cause in causes]
        expected = truths(row["ground_truth"], field)
        if field == "component":
            right &= names.of(found) == names.of(expected)
        else:
            right &= {folded(one) for one in found} == {folded(one) for one in expected}
    return right


def kappa(pairs: list[tuple[bool, bool]]) -> float:
    """Cohen's kappa of two raters."""
    size = len(pairs)
    agreed = sum(a == b for a, b in pairs) / size
    first, second = sum(a for a, _ in pairs) / size, sum(b for _, b in pairs) / size
    by_chance = first * second + (1 - first) * (1 - second)
    return (agreed - by_chance) / (1 - by_chance)


def test_our_strict_grade_agrees_with_the_benchmark() -> None:
    """On answers about a single fault: with several, the benchmark scores the best permutation."""
    rows = [
        row
        for row in answers()
        if len(ASKED.get(row["task"], ())) == len(row["passed_items"] + row["failed_items"])
    ]
    pairs = [(strict(row), row["score"] == 1) for row in rows]

    assert len(rows) == 75
    assert kappa(pairs) >= ASKED_KAPPA, [
        (row["id"], pair) for row, pair in zip(rows, pairs, strict=True) if pair[0] != pair[1]
    ]
