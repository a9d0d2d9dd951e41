"""Parsing the text of a completion: an answer, or the code of the first error."""

import json
from typing import Any

import pytest

from replay_assets.contracts.answer import ANSWER_FIELDS, ORIGINAL_FIELDS
from replay_assets.contracts.answer_reading import ContractBrokenError
from replay_assets.contracts.self_grading import SELF_GRADING_FIELDS
from replay_assets.contracts.vocabulary import Vocabulary
from replay_assets.replay.answers import parse_answer, safe_output
from tests.replay.packs import answer, answer_text, original_answer

TEXT = answer_text()
CAUSE = answer()["root_cause"]
PLAN_COMMA = len("Here:\n") + TEXT.index("action_plan") + len('action_plan": ["a",')


def with_cause(**changes: Any) -> str:
    """Return an answer's text, its root cause changed."""
    return answer_text(root_cause={**CAUSE, **changes})


@pytest.fixture
def parsed(vocabulary: Vocabulary) -> Any:
    """Parse a text as an answer to one of our packs."""
    return lambda text: parse_answer(text, required=ANSWER_FIELDS, vocabulary=vocabulary)


@pytest.fixture
def code_of(parsed: Any) -> Any:
    """Return the code by which a text breaks the contract."""

    def code(text: str | None) -> str:
        with pytest.raises(ContractBrokenError) as caught:
            parsed(text)
        return str(caught.value)

    return code


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"\n\n {TEXT} \n",
        f"```json\n{TEXT}\n```",
        f"```\n{TEXT}\n```",
        f"Sure, here it is:\n{TEXT}\nLet me know!",
        f"The set {{a, b}} is at fault {{really}}. {TEXT} }} {{",
        f'The log said {{"level": "error"}}. {TEXT}',
        f"{TEXT}\n{TEXT}",
        f'In short {{"risk_level": "high"}}, in full: {TEXT}',
        f'Not {TEXT[:40]} but {TEXT}',
        f'{{"a": 1,}} is no JSON, this is: {TEXT}',
        TEXT[:-1] + ', "risk_level": "low"}',
        answer_text(extra="dropped"),
        json.dumps(answer()),
        json.dumps(answer(), indent=4),
        f"[{TEXT}]",
        f"\n[{TEXT}, {TEXT}]",
        f"\ufeff```JSON\n[{TEXT}]\n```",
        json.dumps(TEXT),
        f"[THINK]not {answer_text(risk_level='high')}[/THINK]{TEXT}",
    ],
    ids=[
        "bare", "blanks", "fence", "plain_fence", "prose", "braces_in_prose", "other_json",
        "said_twice", "part_and_whole", "begun_twice",
        "broken_beside_it", "same_field_twice", "extra_field", "ascii", "indented",
        "list", "list_twice", "list_in_a_fence", "encoded_twice", "reasoning",
    ],
)  # fmt: skip
def test_the_one_answer_is_found(parsed: Any, text: str) -> None:
    """The original read everything from the first brace to the last as JSON."""
    assert parsed(text) == answer()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "chat_completion_content_missing"),
        (" \n", "chat_completion_content_missing"),
        ("I would restart it.", "model_output_not_object"),
        ("[1, 2]", "model_output_not_object"),
        (f"[{TEXT}, {answer_text(risk_level='high')}]", "model_output_ambiguous"),
        (f"[[{TEXT[:-1]}]]", "model_output_not_object"),
        ('"text"', "model_output_not_object"),
        (TEXT[:-20], "model_output_not_object"),
        ('{"proposed_action": "x"', "model_output_not_object"),
        (TEXT[:-1] + ",}", f"model_output_not_object:trailing_comma_at_{len(TEXT)}"),
        (
            f"Here:\n{answer_text(action_plan=[1])}".replace("[1]", '["a", ]'),
            f"model_output_not_object:trailing_comma_at_{PLAN_COMMA}",
        ),
        (f'{{"answer": {TEXT}', "model_output_not_object"),
        (answer_text(risk_level=float("nan")), "model_output_not_object"),
        (answer_text(proposed_action=1).replace("1", "1e999", 1), "model_output_not_object"),
        (TEXT[:-1] + ', "risk_level": "high"}', "model_output_ambiguous"),
        ('{"number": ' + "9" * 5_000 + "}", "model_output_not_object"),
        ("{" * 2_000, "model_output_not_object"),
        ('{"a":' * 2_000, "model_output_not_object"),
        (f"{TEXT} or {answer_text(risk_level='high')}", "model_output_ambiguous"),
        ("{}", "model_output_missing_fields:" + ",".join(ANSWER_FIELDS)),
        (answer_text(action_id=None), "model_output_missing_fields:action_id"),
        (answer_text(risk_level="severe"), "invalid_risk_level:severe"),
        (answer_text(risk_level=3), "invalid_risk_level:3"),
        (answer_text(action_plan={"step": 1}), "action_plan_not_list"),
        (answer_text(action_plan=["a", 1]), "action_plan_not_list"),
        (answer_text(proposed_action=["x"]), "invalid_text:proposed_action"),
        (answer_text(proposed_action=" "), "invalid_text:proposed_action"),
        (answer_text(root_cause="disk"), "invalid_root_cause:root_cause"),
        (with_cause(components=[]), "invalid_root_cause:components"),
        (with_cause(components=[" "]), "invalid_root_cause:components"),
        (with_cause(components=list("abcd")), "invalid_root_cause:components"),
        (with_cause(category="gremlins"), "unknown_root_cause_category:gremlins"),
        (with_cause(category=["x"]), "unknown_root_cause_category:['x']"),
        (with_cause(statement="x" * 401), "invalid_root_cause:statement"),
        (with_cause(statement=None), "invalid_root_cause:statement"),
        (answer_text(action_id="reboot"), "unknown_action_id:reboot"),
        (answer_text(action_id=["reboot"]), "unknown_action_id:['reboot']"),
    ],
)  # fmt: skip
def test_each_break_has_its_code(code_of: Any, text: str | None, code: str) -> None:
    """The original's codes, and our codes for errors that it accepted."""
    assert code_of(text) == code


@pytest.mark.parametrize("field", SELF_GRADING_FIELDS)
def test_an_answer_that_grades_itself_breaks_the_contract(code_of: Any, field: str) -> None:
    """At any depth, in any spelling."""
    spelled = "".join(part.title() for part in field.split("_"))
    for extra in ({field: True}, {"root_cause": {**CAUSE, "note": [{spelled: 1}]}}):
        assert code_of(answer_text(**extra)) == "model_output_contains_self_grading_field"


@pytest.mark.parametrize("field", ["requires_human_approval", "blocked_by_policy"])
@pytest.mark.parametrize(
    ("value", "read"),
    [(True, True), (False, False), ("true", True), ("false", False), (" FALSE ", False)],
)
def test_a_boolean_is_a_json_boolean_or_one_of_the_words(
    parsed: Any, field: str, value: object, read: bool
) -> None:
    """`bool("false")` is True: because of this, the original set approval to True."""
    assert parsed(answer_text(**{field: value}))[field] is read


@pytest.mark.parametrize("field", ["requires_human_approval", "blocked_by_policy"])
@pytest.mark.parametrize("value", ["0", "1", "yes", "", 0, 1, [], {}])
def test_other_values_are_not_booleans(code_of: Any, field: str, value: object) -> None:
    """Approval is not guessed."""
    assert code_of(answer_text(**{field: value})) == f"invalid_boolean:{field}"


@pytest.mark.parametrize(
    ("plan", "steps"),
    [("Restart it", ["Restart it"]), ([" a ", "", "\n", "b"], ["a", "b"]), ([], [])],
    ids=["lone_text", "blank_steps", "empty"],
)
def test_a_plan_is_a_list_of_steps(parsed: Any, plan: object, steps: list[str]) -> None:
    """A lone text is a list of one; blank steps are dropped."""
    assert parsed(answer_text(action_plan=plan))["action_plan"] == steps


@pytest.mark.parametrize("level", ["HIGH", " high ", "High", "`high`", "\u00a0high\u200b"])
def test_a_risk_level_is_read_in_any_case(parsed: Any, level: str) -> None:
    """The original case-folded it."""
    assert parsed(answer_text(risk_level=level))["risk_level"] == "high"


@pytest.mark.parametrize("spelled", ["{}", "{} ", "\n{}", "`{}`", '"{}"', "\u200b{}", "{}\ufeff"])
@pytest.mark.parametrize("case", [str, str.upper, str.title])
def test_closed_words_are_read_in_any_case_and_between_blanks(
    parsed: Any, spelled: str, case: Any
) -> None:
    """The answer has the id as the vocabulary writes it."""
    text = with_cause(category=spelled.format(case(CAUSE["category"])))
    assert parsed(text) == answer()
    assert parsed(answer_text(action_id=spelled.format(case(answer()["action_id"])))) == answer()


def test_a_lone_component_is_a_list_of_one(parsed: Any) -> None:
    """As with the plan."""
    cause = parsed(answer_text(root_cause={**CAUSE, "components": "orders-api"}))["root_cause"]
    assert cause["components"] == ["orders-api"]


def test_what_a_pack_does_not_ask_for_is_not_kept(vocabulary: Vocabulary) -> None:
    """A pack of the original's form asks for five fields; a wrong sixth does no harm."""
    text = json.dumps({"action_id": "unheard of", **original_answer()})
    found = parse_answer(text, required=ORIGINAL_FIELDS, vocabulary=vocabulary)
    assert found == original_answer()
    assert list(found) == list(ORIGINAL_FIELDS)


def test_a_secret_in_an_answer_is_masked(parsed: Any) -> None:
    """A model may invent one, or repeat one that no rule found before."""
    found = parsed(answer_text(proposed_action="mail mei@example.com"))
    assert found["proposed_action"] == "mail <MASKED_0>"


def test_half_a_surrogate_pair_does_not_fail_the_run(parsed: Any) -> None:
    r"""A cut emoji (`\ud83d`) can't be written as UTF-8: all results would be lost with it."""
    found = parsed(TEXT.replace("It leaks.", r"It leaks \ud83d"))
    assert found["root_cause"]["statement"] == "It leaks ?"


def test_the_safe_output_blocks_and_names_its_reason_briefly() -> None:
    """The replacement for a missing answer can't be mistaken for a proposal."""
    safe = safe_output("e" * 500)
    assert safe == {
        "proposed_action": "NO_ACTION",
        "action_plan": safe["action_plan"],
        "risk_level": "high",
        "requires_human_approval": True,
        "blocked_by_policy": True,
        "runner_error": "e" * 200,
    }
    assert len(safe["action_plan"]) == 2
