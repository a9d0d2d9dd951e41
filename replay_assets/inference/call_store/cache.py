"""Answers that runs and works share: one file per answer, named by a hash of all that shapes it.

A damaged file counts as missing: the question is asked again, and the new answer replaces the file.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from replay_assets.inference.call import Call
from replay_assets.inference.call_store.journal import checked, line_of
from replay_assets.inference.call_store.protocols import to_share
from replay_assets.lake.files import PRIVATE, publish_parts


class FileAnswerCache:
    """The answers below one folder, for one version of the prompts."""

    def __init__(self, folder: Path, *, version: str) -> None:
        self._folder = folder
        self._version = version

    def get(self, key: str) -> Call | None:
        """Return an answer, marked as one that another run paid for."""
        try:
            line = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        content = checked(line)
        if content is None:
            return None
        try:
            call = Call.decoded(content)
        except ValueError:  # written by another release
            return None
        return replace(call, cached=True) if call.key == key else None

    def put(self, calls: Iterable[Call]) -> None:
        """Keep the calls that are answers of a model and were not read from a cache."""
        for call in to_share(calls):
            publish_parts(self._path(call.key), [line_of(call.encoded())], mode=PRIVATE)

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(f"{self._version}\0{key}".encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.json"
