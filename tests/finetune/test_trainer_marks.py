"""Marks that trainers and chat templates read as their own."""

import pytest

from replay_assets.finetune.trainer_marks import break_marks, marks_in

MARKS = [
    "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "<|endoftext|>",
    "<|begin_of_text|>", "<|channel|>", "<|vision_start|>", "<|image_pad|>", "<|image_1|>",
    "<｜begin▁of▁sentence｜>", "<｜User｜>", "<|START_OF_TURN_TOKEN|>",
    "<s>", "</s>", "<pad>", "<unk>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>",
    "<image>", "<video>", "<audio>", "</image>", "<image_soft_token>", "<start_of_image>",
    "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[SYSTEM_PROMPT]", "[TOOL_CALLS]", "[IMG]",
    "[THINK]", "<think>", "</think>", "<seed:think>", "<reasoning>", "◁think▷", "<answer>",
    "<tool_call>", "</tool_response>", "<extra_id_0>", "<unused94>", "<special_7>",
]  # fmt: skip
TEXTS = [
    "<IP_PRIV_1> to <EMAIL_2>", "kubectl get <pod>", "a < b > c", "if x <s and y> 3",
    "[INFO] start", "[inst=3]", "List<String>", "<html><body>", "| a | b |", "## Response", "<svc>",
    "Here's my thought process: it leaks",
]  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_is_named_and_broken(mark: str):
    """Only its first character is followed by a blank: the text stays readable."""
    text = f"before {mark}after"
    assert list(marks_in(text)) == [mark]
    broken = break_marks(text)
    assert broken == f"before {mark[0]} {mark[1:]}after"
    assert break_marks(broken) == broken


@pytest.mark.parametrize("heading", ["### Instruction:", "### Response:"])
def test_headings_of_alpaca_prompts_are_marks_at_the_start_of_a_line(heading: str):
    """In the middle of one they end no prompt."""
    assert list(marks_in(f"log\n{heading} x")) == [heading]
    assert list(marks_in(f"log {heading} x")) == []


@pytest.mark.parametrize("text", TEXTS)
def test_other_text_is_unchanged(text: str):
    """Placeholders of the sanitizer are the pack's: they must be the same in training."""
    assert break_marks(text) == text
