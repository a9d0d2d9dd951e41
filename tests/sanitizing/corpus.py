"""The labelled corpus and the figures that are measured on it."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from replay_assets.sanitizing import sanitize_text

CORE_CHARACTERS = 6
WORD = re.compile(r"[A-Za-z0-9_]+|[\u3400-\u9fff]")
PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*_[0-9]+>|‹[A-Z_]+_[0-9]+›")
Record = dict[str, Any]


def load_corpus(folder: Path) -> tuple[list[Record], list[Record]]:
    """Return positives and negatives."""
    positives, negatives = (
        [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        for name in ("positives.jsonl", "negatives.jsonl")
    )
    return positives, negatives


def figures(
    positives: list[Record],
    negatives: list[Record],
    sanitize: Callable[[str], str] = sanitize_text,
) -> list[tuple[str, float, str]]:
    """Return each measured figure: name, share, and its minimum or maximum."""
    outputs = [(record, PLACEHOLDER.sub("\0", sanitize(record["text"]))) for record in positives]
    tiers: dict[str, list[bool]] = {"must": [], "soft": []}
    for record, output in outputs:
        for span in record["spans"]:
            tiers[span["tier"]].append(not survives(record["text"], span, output))
    words = [kept_words(record, output) for record, output in outputs]
    changed = {
        hard: [sanitize(one["text"]) != one["text"] for one in negatives if one["hard"] is hard]
        for hard in (True, False)
    }
    return [
        ("must recall", share(tiers["must"]), ">= 99%"),
        ("soft recall", share(tiers["soft"]), "report only"),
        ("plain negatives changed", share(changed[False]), "<= 0.5%"),
        ("hard look-alikes changed", share(changed[True]), "<= 3%"),
        (
            "words kept around positives",
            sum(k for k, _ in words) / sum(n for _, n in words),
            ">= 90%",
        ),
    ]


def survives(text: str, span: Record, output: str) -> bool:
    """Return whether six consecutive characters of a value are still in the output."""
    value = text[span["start"] : span["end"]]
    rest = f"{text[: span['start']]}\0{text[span['end'] :]}"
    last = max(1, len(value) - CORE_CHARACTERS + 1)
    cores = {value[start : start + CORE_CHARACTERS] for start in range(last)}
    return any(core in output and output.count(core) > rest.count(core) for core in cores)


def kept_words(record: Record, output: str) -> tuple[int, int]:
    """Return how many words outside the labelled values were kept, and how many there are."""
    text = record["text"]
    for span in sorted(record["spans"], key=lambda span: -span["start"]):
        text = f"{text[: span['start']]} {text[span['end'] :]}"
    before, after = Counter(WORD.findall(text)), Counter(WORD.findall(output))
    return (before & after).total(), before.total()


def share(flags: list[bool]) -> float:
    """Return the share of flags that are true."""
    return sum(flags) / len(flags)
