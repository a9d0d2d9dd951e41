"""The catalogue that comes with the package."""

import pytest

from replay_assets.candidates.catalogue import Catalogue


@pytest.fixture(scope="session")
def shipped() -> Catalogue:
    """The catalogue of the package."""
    return Catalogue.load()
