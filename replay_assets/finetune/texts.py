"""Texts of rows: what every text goes through before it is written."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from replay_assets.contracts.names import folded
from replay_assets.errors import ContractError
from replay_assets.finetune.trainer_marks import MEDIA_TAG, break_marks, marks_in
from replay_assets.parsing.instants import parse_instant
from replay_assets.parsing.reasoning import split_reasoning


@dataclass
class TextRules:
    """Makes texts safe for trainers, and counts what it found.

    Attributes:
        keep_media_tags: whether `<image>`, `<video>` and `<audio>` stay as they are, for trainers
            of models that read text only. Other marks are always broken.
        marks: how often each mark was found, by its spelling.
    """

    keep_media_tags: bool = False
    marks: Counter[str] = field(default_factory=Counter)

    @property
    def media_tags(self) -> dict[str, int]:
        """How often a tag of images, videos or audio was found."""
        return {name: n for name, n in sorted(self.marks.items()) if MEDIA_TAG.fullmatch(name)}

    def text(self, text: str) -> str:
        """Return a text in which no mark is spelled as a trainer reads it."""
        self.marks.update(marks_in(text))
        return break_marks(without_half_characters(text), keep_media_tags=self.keep_media_tags)

    def answer(self, text: str | None) -> str:
        """Return an answer without blocks of reasoning; empty if nothing else was said."""
        return self.text((split_reasoning(text)[0] or "").strip())

    def value(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a JSON value with every text in it made safe."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {str(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def without_half_characters(text: str) -> str:
    r"""Return a text in which a lone surrogate is spelled out, such as `\ud83d`.

    JSON has an escape for one, but most readers reject it.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def key_of(*texts: str) -> str:
    """Return a key that is the same for the same texts in another spelling."""
    return hashlib.sha256("\0".join(map(folded, texts)).encode()).hexdigest()


def utc_text(instant: str | datetime) -> str:
    """Return an instant always with microseconds and Z: readers take another form for another type.

    Args:
        instant: an instant, or its ISO text; one without a time zone is UTC.

    Raises:
        ContractError: the text names no instant.
    """
    if isinstance(instant, str):
        if not instant:
            return ""
        if (found := parse_instant(instant, "UTC")) is None:
            raise ContractError(
                f"{instant!r} is not an instant, such as 2026-09-21T06:00:00Z. If it is the "
                "collected_at of a request pack, materialise that pack again."
            )
        instant = found
    zoned = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return f"{zoned.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
