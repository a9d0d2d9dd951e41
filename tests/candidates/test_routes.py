"""Routes: entries that name other candidates, which are asked in this order."""

from pathlib import Path

import pytest

from replay_assets.candidates import Candidate, Catalogue
from tests.candidates.test_catalogue import load, refusal

MEMBERS = """\
- id: first
  model: vendor/small
  base_url: http://localhost:8000/v1
  api_key_env: FIRST_KEY
  limits: {concurrency: 4}
- id: second
  model: vendor/large
  base_url: http://localhost:8001/v1
  api_key_env: SECOND_KEY
- id: judge
  role: judge
  base_url: http://localhost:8002/v1
"""


def route_of(folder: Path, *fields: str) -> Candidate:
    """Return a route over both members, with further fields."""
    text = "\n  ".join(["- id: both", "route: [first, second]", *fields])
    return load(folder, f"{MEMBERS}{text}\n").get("both")


def test_a_route_has_its_members_in_order_and_nothing_of_theirs(tmp_path: Path) -> None:
    """It can be named before them, because the file's order is the order of the graph."""
    route = load(tmp_path, f"- id: both\n  route: [second, first]\n{MEMBERS}").get("both")
    assert [one.id for one in route.members] == ["second", "first"]
    assert (route.shown_model, route.base_url) == ("vendor/large > vendor/small", "")
    assert not route.baseline
    assert not route.embedded


def test_a_plain_candidate_is_its_only_member(shipped: Catalogue) -> None:
    """So whatever needs endpoints can read members."""
    plain = shipped.get("nemotron-mini")
    assert plain.members == (plain,)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (["model: m"], "model: a route has what its members have"),
        (["limits: {concurrency: 9}"], "limits: a route has what its members have"),
        (["fallback_on: [timeout]"], "fallback_on"),
        (["first_byte_s: 0"], "first_byte_s"),
        (["budget_usd: 1"], "'first' needs prices_usd_per_million"),
    ],
)
def test_a_route_with_fields_of_a_model_is_refused(
    tmp_path: Path, fields: list[str], words: str
) -> None:
    """Two concurrencies would contradict each other."""
    text = "\n  ".join(["- id: both", "route: [first, second]", *fields])
    assert words in refusal(tmp_path, f"{MEMBERS}{text}\n")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ("[first, thrid]", "'thrid' is not a candidate of this catalogue; it has first, second"),
        ("[first, other]", "'other' is a route itself"),
        ("[first, judge]", "'judge' is a judge"),
        ("[first, first]", "'first' is in this route twice"),
        ("[]", "at least 1 item"),
        ("first", "expected a list"),
    ],
)
def test_a_member_that_cant_be_asked_is_named_with_its_line(
    tmp_path: Path, members: str, words: str
) -> None:
    """Found when the file is read, not during an outage of the first member."""
    text = f"{MEMBERS}- id: other\n  route: [first]\n- id: both\n  route: {members}\n"
    said = refusal(tmp_path, text)
    assert words in said
    assert "line 16: 4.route" in said


def test_fields_of_a_route_are_refused_elsewhere(tmp_path: Path) -> None:
    """They would have no effect."""
    said = refusal(tmp_path, MEMBERS.replace("api_key_env: SECOND_KEY", "first_byte_s: 2"))
    assert "first_byte_s: only a route has it" in said


def test_a_route_is_left_out_only_if_no_member_has_its_key(tmp_path: Path) -> None:
    """The others are asked without the members whose key is missing."""
    route = route_of(tmp_path)
    keys = {"SECOND_KEY": "x"}
    assert route.not_ready(lambda name: keys.get(name)) is None
    assert route.not_ready(lambda _: None) == "FIRST_KEY and SECOND_KEY are not set"
    unscheduled = route_of(tmp_path, "scheduled: false")
    assert "not scheduled" in str(unscheduled.not_ready(lambda _: "x"))


def test_the_digest_of_a_route_follows_its_members_their_order_and_its_own_fields(
    tmp_path: Path,
) -> None:
    """It names the version that a verdict is about; a concurrency shapes no answer."""
    route = route_of(tmp_path)
    swapped = route.with_members(reversed(route.members))
    refusing = route_of(tmp_path, "fallback_on: [model_refusal]")
    assert len({route.digest(), swapped.digest(), refusing.digest()}) == 3
    assert route.at_concurrency(9).digest() == route.digest()
    assert [one.limits.concurrency for one in route.at_concurrency(9).members] == [9, 9]


def test_a_route_is_trained_on_what_its_members_are(tmp_path: Path) -> None:
    """A review leaves these incidents out, whichever member answered."""
    members = MEMBERS.replace(
        "  model: vendor/large", "  model: vendor/large\n  trained_on: [a, b]"
    )
    text = f"{members}- id: both\n  route: [first, second]\n  trained_on: [c, a]\n"
    assert load(tmp_path, text).get("both").trained_on == ("c", "a", "b")
