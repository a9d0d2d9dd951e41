"""The vocabulary: the default ids, and the errors on a team's own file."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from replay_assets.contracts.vocabulary import VOCABULARY_VERSION, Vocabulary, load_vocabulary
from replay_assets.errors import ConfigurationError


def small_vocabulary() -> dict[str, Any]:
    return {
        "schema_version": VOCABULARY_VERSION,
        "root_cause_categories": [{"id": "disk", "en": "A disk is full", "zh": "磁碟已滿"}],
        "actions": [
            {"id": "wait", "risk": "low", "mutates": False, "en": "Wait", "zh": "等待"},
            {"id": "wipe", "risk": "critical", "mutates": True, "en": "Wipe", "zh": "清除"},
        ],
        "approval_rule": {
            "risk_levels": ["high", "critical"],
            "mutating_actions": False,
            "insufficient_evidence": True,
            "en": "Ask.",
            "zh": "詢問。",
        },
    }


def write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_the_shipped_ids_are_those_of_the_real_data(vocabulary: Vocabulary, real_data: Path):
    """No answer could be right if the label's action were not in the vocabulary."""
    theirs = json.loads((real_data / "vocabulary.json").read_text("utf-8"))
    assert {action.id: action.risk for action in vocabulary.actions} == theirs["actions"]
    ours = {category.id for category in vocabulary.root_cause_categories}
    assert ours == set(theirs["root_cause_categories"])


def test_the_shipped_ids_cover_every_label_of_the_samples(vocabulary: Vocabulary):
    """Every label of the demo can be answered right."""
    samples = Path(__file__).parents[2] / "data" / "samples" / "labels.jsonl"
    for line in samples.read_text("utf-8").splitlines():
        label = json.loads(line)
        for action in label["acceptable_actions"] or []:
            assert vocabulary.action(action) is not None, action
        assert vocabulary.category_named(label["root_cause_category"]) is not None


def test_a_team_replaces_the_vocabulary_with_its_own_file(tmp_path: Path):
    """Entries keep the order of the file, which is the order a model reads them in."""
    loaded = load_vocabulary(write(tmp_path / "ours.yaml", small_vocabulary()))
    assert [action.id for action in loaded.actions] == ["wait", "wipe"]
    wipe = loaded.action("wipe")
    assert wipe is not None
    assert (wipe.risk, wipe.mutates) == ("critical", True)


def test_an_id_outside_the_vocabulary_is_unknown(vocabulary: Vocabulary):
    """An id that a model invented must not be accepted."""
    assert vocabulary.action("reboot_the_internet") is None
    assert vocabulary.category_named("gremlins") is None


@pytest.mark.parametrize("kind", ["root_cause_categories", "actions"])
def test_an_id_listed_twice_is_refused_by_name(kind: str, tmp_path: Path):
    """With two entries for one id it would not be clear which risk applies."""
    content = small_vocabulary()
    content[kind].append(content[kind][0])
    with pytest.raises(ConfigurationError) as refusal:
        load_vocabulary(write(tmp_path / "twice.yaml", content))
    assert f"{kind}: {content[kind][0]['id']} is listed more than once" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(b"- disk\n", "expected a mapping", id="a list"),
        pytest.param(b"", "expected a mapping", id="empty"),
        pytest.param(b"actions: [", "line 1", id="not YAML"),
        pytest.param(b"\xa4\xa4\xa4\xe5\n", "utf-8", id="Big5, not UTF-8"),
        pytest.param(b"schema_version: theirs_v7\n", "'theirs_v7'", id="another version"),
        pytest.param(
            f"schema_version: {VOCABULARY_VERSION}\n".encode(), "approval_rule", id="fields missing"
        ),
    ],
)
def test_the_error_on_a_wrong_file_names_the_file_and_the_reason(
    text: bytes, reason: str, tmp_path: Path
):
    """The author must see which file it is and what is wrong with it."""
    path = tmp_path / "wrong.yaml"
    path.write_bytes(text)
    with pytest.raises(ConfigurationError) as refusal:
        load_vocabulary(path)
    assert str(path) in str(refusal.value)
    assert reason in str(refusal.value)


def test_a_wrong_risk_names_its_place_and_the_allowed_ones(tmp_path: Path):
    """A typing error must not become a new risk level."""
    content = small_vocabulary()
    content["actions"][1]["risk"] = "enormous"
    with pytest.raises(ConfigurationError, match=r"actions\.1\.risk.*'low'.*'enormous'"):
        load_vocabulary(write(tmp_path / "risk.yaml", content))


def test_a_missing_file_is_refused_by_its_name(tmp_path: Path):
    """With the default vocabulary instead, answers would be graded by the wrong ids."""
    with pytest.raises(ConfigurationError, match=r"gone\.yaml"):
        load_vocabulary(tmp_path / "gone.yaml")
