"""Reasoning in a model's text: the marks of many models, whole, cut off and half."""

import pytest

from replay_assets.parsing.reasoning import split_reasoning


@pytest.mark.parametrize(
    ("content", "answer", "thought"),
    [
        ("<think>why {a}</think>{}", "{}", "why {a}"),
        ("\n <think>\nwhy\n</think>\n\n{}", "{}", "why"),
        ("why</think>{}", "{}", "why"),
        ("<think>never ends {}", "", "never ends {}"),
        ('{"a": "<think>quoted</think>"}', '{"a": "<think>quoted</think>"}', None),
        ('{"a": "</think>"}', '{"a": "</think>"}', None),
        ('draft {"a": 1}</think>\n', "", 'draft {"a": 1}'),
        ('draft {"a": 1}</think>\n{"b": 2}', '{"b": 2}', 'draft {"a": 1}'),
        ('labels {app="x"}</think>{}', "{}", 'labels {app="x"}'),
        ('draft {"a": "cut</think>{"b": 2}', '{"b": 2}', 'draft {"a": "cut'),
        ("Okay.\n<think>why {a}</think>{}", "Okay.\n{}", "why {a}"),
        ('<think>a</think>\n<think>{"a": 1}</think>{}', "{}", 'a\n{"a": 1}'),
        ('<think>a</think>\n<think>{"a": 1}', "", 'a\n{"a": 1}'),
        (
            '<think>a <think>b</think> {"a": 1}</think>{}',
            "{}",
            '<think>a <think>b</think> {"a": 1}',
        ),
        ('<think>{"a": "</think>"} so</think>{}', "{}", '{"a": "</think>"} so'),
        ('why</think>{"a": {"b": "<think>"}}', '{"a": {"b": "<think>"}}', "why"),
        ("{}", "{}", None),
        (None, None, None),
    ],
    ids=[
        *("block", "lines", "end_alone", "cut", "quoted", "end_quoted", "draft_cut", "draft"),
        *("braces", "half_a_draft", "preface", "two", "two_cut", "nested", "quoted_inside"),
        *("quoted_after", "none", "null"),
    ],
)
def test_a_think_block_is_never_part_of_the_answer(
    content: str | None, answer: str | None, thought: str | None
) -> None:
    """An object that the model only considered must not be graded."""
    assert split_reasoning(content) == (answer, thought)


def test_a_too_deeply_nested_draft_is_reasoning_too() -> None:
    """A parser gives up on it, but the tag after it is still found."""
    draft = '{"a":' * 20_000
    assert split_reasoning(f"{draft}</think>{{}}") == ("{}", draft)


KINDS = [
    *(("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<THOUGHT>", "</THOUGHT>")),
    *(("<reason>", "</reason>"), ("<reasoning>", "</reasoning>"), ('<think time="3">', "</think>")),
    *(("<seed:think>", "</seed:think>"), ("<longcat_think>", "</longcat_think>")),
    *(("[THINK]", "[/THINK]"), ("◁think▷", "◁/think▷"), ("<|thinking|>", "<|/thinking|>")),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|thought_start|>", "<|thought_end|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    (
        "<|channel|>commentary to=tool <|constrain|>json<|message|>",
        "<|call|><|start|>assistant<|channel|>final <|constrain|>json<|message|>",
    ),
    ("analysis", "assistantfinal"),
    ("Here is my thought process:", "Here is my response:"),
    ("<｜begin▁of▁thinking｜>", "<｜end▁of▁thinking｜>"),
    ("<|think|>", "<|end|><|begin|>assistant<|content|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<reasoning_content\n>", "</reasoning_content >"),
]
DRAFT, ANSWER = 'We could {"a": 1} or {"a": ', '{"b": ["</think>", "[THINK]", "assistantfinal"]}'


@pytest.mark.parametrize(("start", "end"), KINDS, ids=[start for start, _ in KINDS])
def test_each_kind_of_mark_is_known(start: str, end: str) -> None:
    """Whole, without its start (which the template wrote), and without its end (cut off)."""
    assert split_reasoning(f"{start}{DRAFT}{end}{ANSWER}") == (ANSWER, DRAFT.strip())
    answer, thought = split_reasoning(f"{DRAFT}{end}\n{ANSWER}\n")
    assert answer == ANSWER
    assert thought is not None
    assert thought.startswith(DRAFT.strip())
    assert split_reasoning(f"{start}{DRAFT}") == ("", DRAFT.strip())


@pytest.mark.parametrize(
    "content",
    [
        *(
            "analysis of the log: {}",
            "The final assistant answer: {}",
            "[1] Here is {}",
            "a < b {}",
        ),
        *("<table>{}</table>", '{"plan": "write <think> or ◁think▷"}', "assistant: {}"),
    ],
)
def test_other_text_is_left_alone(content: str) -> None:
    """It only resembles a mark."""
    assert split_reasoning(content) == (content, None)


def test_what_is_before_the_final_channel_is_reasoning() -> None:
    """However it began: a server may have removed the mark of the first channel."""
    content = f"We draft {DRAFT} assistantcommentary {DRAFT} assistantfinal {ANSWER}"
    answer, thought = split_reasoning(content)
    assert answer == ANSWER
    assert thought is not None
    assert thought.count(DRAFT.strip()) == 2


def test_marks_at_the_end_of_an_answer_are_removed() -> None:
    """A server that does not read its template leaves them in the text."""
    content = (
        f"<|channel|>analysis<|message|>hm<|end|><|channel|>final<|message|>{ANSWER}<|return|>"
    )
    assert split_reasoning(content) == (ANSWER, "hm")
