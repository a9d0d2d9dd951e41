"""A team's own vocabulary, to test the baselines with it."""

import pytest

from replay_assets.contracts.vocabulary import Action, Category, Vocabulary


@pytest.fixture(scope="session")
def own_vocabulary(vocabulary: Vocabulary) -> Vocabulary:
    """Return a vocabulary without a single id of the shipped one."""
    categories = (
        Category(id="ours.power", en="Power is out", zh="停電"),
        Category(id="ours.people", en="Somebody: did it", zh="人為"),
    )
    actions = (
        Action(id="reboot hard", risk="high", mutates=True, en="Reboot", zh="重開"),
        Action(id="look", risk="low", mutates=False, en="Look: and wait", zh="觀察"),
    )
    return vocabulary.model_copy(update={"root_cause_categories": categories, "actions": actions})
