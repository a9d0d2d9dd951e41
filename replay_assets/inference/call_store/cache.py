"""Answers across runs and partitions: one file an answer, by everything that shaped it.

Only answers lie here, never failures, and never a key or the name of a run. An entry that can't be
read is no entry: the question is asked again, and the answer written over it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from replay_assets.inference.call.call import Call
from replay_assets.inference.call_store.journal import PRIVATE, checked, line_of
from replay_assets.lake.files import publish_parts


class AnswerCache:
    """The answers below one folder, for one version of the prompts."""

    def __init__(self, folder: Path, *, prompt_version: str) -> None:
        self._folder = folder
        self._prompt_version = prompt_version

    def get(self, key: str) -> Call | None:
        """Return an answer, marked as one that this run does not pay for."""
        try:
            line = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        content = checked(line)
        if content is None:
            return None
        try:
            call = Call.decoded(content)
        except ValueError:  # of another release
            return None
        return replace(call, cached=True) if call.key == key else None

    def put(self, calls: Iterable[Call]) -> None:
        """Keep those calls that are a model's answers and were not read from here."""
        for call in calls:
            if call.outcome == "answered" and not call.cached:
                publish_parts(self._path(call.key), [line_of(call.encoded())], mode=PRIVATE)

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(f"{self._prompt_version}\0{key}".encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.json"
