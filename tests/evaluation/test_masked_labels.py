"""Labels with the placeholders of their incidents: an answer can only name placeholders."""

from pathlib import Path

import pytest

from replay_assets.contracts.label import IncidentLabel
from replay_assets.contracts.vocabulary import Vocabulary, load_vocabulary
from replay_assets.errors import ConfigurationError, NotMaterializedError
from replay_assets.evaluation.grading import score_results
from replay_assets.evaluation.masked_labels import (
    labels_under_the_map,
    masked_labels_of,
    masked_publication,
    require_rules,
)
from replay_assets.lake import assets
from replay_assets.lake.labels import labels_of, labels_publication
from replay_assets.lake.lineage import Lineage
from replay_assets.lake.published import Published
from replay_assets.lake.store import Publication, Store
from replay_assets.request_packs.builder import build_pack
from replay_assets.sanitizing.detect.rules import rules_digest, shipped
from tests.evaluation.records import label, result
from tests.request_packs.rows import evidence_row, tool_message

DAY = "2026-09-21"
ADDRESS = "10.0.3.71"
ROW = evidence_row(evidence_summary=f"10.9.9.9 is well; {ADDRESS} of web refused it")


def masked(component: str | None, **changes: object):
    """The label of an incident, with the placeholders of `ROW`."""
    labels = {"inc-1": label(root_cause_component=component, **changes)}
    return labels_under_the_map(labels, [ROW], [tool_message(f"{ADDRESS} down")], shipped())[
        "inc-1"
    ]


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (ADDRESS, {"<ip_priv_2>"}),
        (f"web / {ADDRESS}:5432", {"web", "<ip_priv_2>:5432"}),
        ("web, orders-db", {"web", "orders-db"}),
        ("10.7.7.7", {"10.7.7.7"}),
        (None, None),
    ],
    ids=["address", "among_others", "nothing_masked", "not_in_the_evidence", "not_recorded"],
)
def test_a_component_has_the_same_placeholder_as_in_the_pack(
    component: str | None, expected: set[str] | None
) -> None:
    """A value that is not in the evidence has no placeholder and stays as it is."""
    assert masked(component).components(load_vocabulary()) == expected


def test_an_answer_that_names_the_placeholder_is_right(vocabulary: Vocabulary) -> None:
    """The label has the placeholder that the pack gave to the second address of the evidence."""
    pack = build_pack([ROW], [], day="2026-09-21", vocabulary=vocabulary)
    assert "<IP_PRIV_2> of web refused it" in pack.requests[0].user_prompt

    def right(component: str) -> bool | None:
        answer = result().model_output
        answer = {**answer, "root_cause": {**answer["root_cause"], "components": [component]}}
        (score,) = score_results(
            [result(model_output=answer)],
            {"inc-1": masked(ADDRESS)},
            [],
            vocabulary=vocabulary,
            baseline=False,
        )
        return score.root_cause_components

    assert right("<IP_PRIV_2>") is True
    assert right("<IP_PRIV_1>") is False
    assert right("web") is False


def test_all_free_text_of_a_label_is_masked() -> None:
    """Also the words that an answer must name; values of closed vocabularies stay as they are."""
    found = masked(None, required_keywords=[ADDRESS, "web"], expected_root_cause=f"{ADDRESS} died")
    assert found.required_keywords == ["<IP_PRIV_2>", "web"]
    assert found.expected_root_cause == "<IP_PRIV_2> died"
    assert found.acceptable_actions == label().acceptable_actions


def test_a_label_without_evidence_stays_as_it_is() -> None:
    """Without evidence there are no placeholders."""
    labels = {"inc-9": label(incident_id="inc-9", root_cause_component=ADDRESS)}
    assert labels_under_the_map(labels, [ROW], [], shipped()) == labels


class Day:
    """A day of one label and its evidence, in separate roots."""

    def __init__(self, folder: Path) -> None:
        self.labels = Store(str(folder / "labels"))
        self.evidence = Store(str(folder / "evidence"))
        self.evidence.publish(assets.INCIDENT_EVIDENCE.at(DAY), Publication())

    @property
    def lineage(self) -> Lineage:
        """The partitions as they are now."""
        return Lineage(evidence=self.evidence, labels=self.labels, rules="rules-1")

    def label(self, truth: IncidentLabel) -> None:
        """Publish the label of the day."""
        found = labels_publication([truth], [], facts={})
        self.labels.publish(assets.INCIDENT_LABELS.at(DAY), found)

    def mask(self, masked: IncidentLabel) -> Published:
        """Publish the masked label of the day."""
        address, lineage = assets.MASKED_LABELS.at(DAY), self.lineage
        truth = labels_of(lineage.get(assets.INCIDENT_LABELS.at(DAY)))
        publication = masked_publication(truth, {"inc-1": masked}, inputs=lineage.inputs(address))
        return self.labels.publish(address, publication)


def test_masked_labels_are_read_back_as_they_were_published(tmp_path: Path) -> None:
    """The partition counts the labels that the map changed."""
    day, kept = Day(tmp_path), label(root_cause_component="<IP_PRIV_1>")
    day.label(label(root_cause_component=ADDRESS))
    assert day.mask(kept).facts == {"labels": 1, "changed": 1}
    assert masked_labels_of(day.lineage, DAY) == {"inc-1": kept}


def test_a_day_without_labels_has_no_masked_labels(tmp_path: Path) -> None:
    """Its incidents are then graded as unlabelled."""
    assert masked_labels_of(Day(tmp_path).lineage, DAY) == {}


def test_missing_or_stale_masked_labels_are_refused(tmp_path: Path) -> None:
    """Otherwise a labelled day would be graded as unlabelled, or by stale labels."""
    day = Day(tmp_path)
    day.label(label())
    with pytest.raises(NotMaterializedError, match=r"not been .* Materialise masked_labels 2026"):
        masked_labels_of(day.lineage, DAY)
    day.mask(label())
    day.label(label(risk_level="high"))
    with pytest.raises(NotMaterializedError, match=r"other incident_labels\. Materialise masked"):
        masked_labels_of(day.lineage, DAY)


def test_a_pack_of_other_rules_is_not_graded(tmp_path) -> None:
    """Its placeholders may represent other values."""
    store = Store(str(tmp_path))

    def require(rules: str | None) -> None:
        """Grade a day whose pack was made by these rules; without rules, there is no pack."""
        if rules is not None:
            pack = Publication(inputs={"rules": rules})
            store.publish(assets.REQUEST_PACK.at("2026-09-21"), pack)
        require_rules(Lineage(lake=store, rules=rules_digest(shipped())), "2026-09-21")

    require(None)
    require(rules_digest(shipped()))
    with pytest.raises(ConfigurationError, match=r"request_pack 2026-09-21 .* other rules"):
        require("other")
