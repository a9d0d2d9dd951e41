"""The fixed rules: which sign points to which cause, in either language."""

import pytest

from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.inference.baselines.rules import SIGNS, diagnose, likeliest_component


@pytest.mark.parametrize(
    ("evidence", "category"),
    [
        ("x509: certificate has expired", "certificate_expiry"),
        ("憑證已於今晨過期", "certificate_expiry"),
        ("Back-off: ImagePullBackOff", "image_pull"),
        ("Last state OOMKilled", "memory_exhaustion"),
        ("pod 因記憶體不足被終止", "memory_exhaustion"),
        ("lookup orders-db: no such host", "dns_failure"),
        ("write: no space left on device", "disk_exhaustion"),
        ("0/6 nodes are available", "scheduling"),
        ("deadlock detected", "database"),
        ("5xx after the deploy of 1.2", "change_regression"),
        ("流量突增三倍", "workload_spike"),
        ("it recovered by itself", "healthy_or_false_alarm"),
        ("nothing to see", "healthy_or_false_alarm"),
    ],
)
def test_a_sign_points_to_its_cause(evidence: str, category: str) -> None:
    """What an operator searches for first."""
    assert diagnose(evidence).category == category


def test_the_stronger_sign_wins_at_any_position() -> None:
    """An expired certificate explains the resets, not the other way round."""
    for text in ("connection reset; x509 expired", "x509 expired; connection reset"):
        assert diagnose(text).category == "certificate_expiry"


def test_every_rule_names_ids_of_the_shipped_vocabulary(vocabulary: Vocabulary) -> None:
    """A rule for an id that does not exist could never be right."""
    for rule in SIGNS:
        assert vocabulary.category_named(rule.category) == rule.category
        assert rule.actions
        assert all(vocabulary.action(action) for action in rule.actions)


def test_without_a_sign_a_person_is_asked_and_nothing_changed() -> None:
    """The answer says that the cause is unknown instead of guessing."""
    found = diagnose("nothing to see")
    assert (found.actions, found.asks, found.sign) == (("observe_only",), True, "no known sign")


def test_approval_is_requested_for_changes() -> None:
    """Only a healthy system needs no approval."""
    assert diagnose("OOMKilled").asks
    assert not diagnose("it recovered by itself").asks


@pytest.mark.parametrize(
    ("evidence", "component"),
    [
        ("deployment/orders-api is down, pod orders-api, service: cart", "orders-api"),
        ("orders-api-7d9f8b6c5d-x2x9z restarted", "orders-api"),
        ("the service has errors, pod restarts 4", "unknown"),
        ("statefulset search-es 未就緒", "search-es"),
        ("", "unknown"),
    ],
    ids=["most_often", "pod_name", "no_name", "chinese", "empty"],
)
def test_the_component_is_the_workload_named_most_often(evidence: str, component: str) -> None:
    """Words such as `has` after `service` are not names."""
    assert likeliest_component(evidence) == component
