"""What a catalogue may say of shields."""

from pathlib import Path

import pytest

from replay_assets.candidates import Catalogue
from replay_assets.errors import ConfigurationError

AGENT = "- {id: a, model: m, base_url: https://a.example/v1, agent: true%s}\n"
SHIELD = "- {id: guard, role: shield, model: g, base_url: https://g.example/v1%s}\n"


def catalogue_of(folder: Path, text: str) -> Catalogue:
    path = folder / "candidates.yaml"
    path.write_text(text, encoding="utf-8")
    return Catalogue.load(path)


def test_an_agent_says_what_violations_do_by_the_name_of_the_shield(tmp_path: Path):
    text = AGENT % ", on_violation: {prompt_injection: end_turn, guard: flag}" + SHIELD % ""
    found = catalogue_of(tmp_path, text).get("a")
    assert found.on_violation == {"prompt_injection": "end_turn", "guard": "flag"}


def test_a_shield_says_what_its_violations_do(tmp_path: Path):
    found = catalogue_of(tmp_path, AGENT % "" + SHIELD % ", on_violation: flag")
    assert found.get("guard").on_violation == "flag"
    assert [one.id for one in found.replayed] == ["a"]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (AGENT % ", on_violation: {prompt_injektion: flag}", "no shield prompt_injektion"),
        (AGENT % ", on_violation: {policy: ignore}", "on_violation"),
        (AGENT % ", on_violation: flag", "must name shields"),
        (AGENT % "" + SHIELD % ", on_violation: {policy: flag}", "must be end_turn or flag"),
    ],
)
def test_a_wrong_word_is_refused_with_the_right_ones(tmp_path: Path, entry: str, says: str):
    with pytest.raises(ConfigurationError, match=says):
        catalogue_of(tmp_path, entry)


def test_another_effect_of_a_violation_is_another_agent(tmp_path: Path):
    """Its results depend on it; those of the candidate without tools do not."""
    plain, strict = (
        catalogue_of(tmp_path, AGENT % said) for said in ("", ", on_violation: {policy: end_turn}")
    )
    assert plain.get("a").digest() == strict.get("a").digest()
    assert plain.graded.get("a-agent").digest() != strict.graded.get("a-agent").digest()
