"""The samples as a day's evidence, read once, and the files published for a pack of some rows."""

from collections.abc import Callable
from typing import Any

import pytest

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.lake.store import Publication
from replay_assets.request_packs.builder import build_pack
from tests.request_packs.rows import Row, read_sample_messages, read_sample_rows
from tests.request_packs.written import published_pack


@pytest.fixture(scope="session")
def sample_rows() -> list[Row]:
    """Return the samples' incidents as rows of the evidence table."""
    return read_sample_rows()


@pytest.fixture(scope="session")
def sample_messages() -> list[Row]:
    """Return the samples' recorded messages, each with the incident of its session."""
    return read_sample_messages()


@pytest.fixture
def published(vocabulary: Vocabulary) -> Callable[..., Publication]:
    """Return a function that builds a day's pack and returns what it publishes."""

    def build(rows: list[Row], messages: list[Row] | None = None, **settings: Any) -> Publication:
        pack = build_pack(rows, messages or [], day="2026-09-21", vocabulary=vocabulary, **settings)
        return published_pack(pack)

    return build
