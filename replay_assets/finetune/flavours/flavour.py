"""A flavour: one form of training file, which rows it takes, and how one row looks in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from replay_assets.finetune.rows import Kind, Message, Row

Family = Literal["sft", "preference"]
"""`sft` files are made by the asset `sft_export`, `preference` files by `preference_export`."""
Json = dict[str, Any]


@dataclass(frozen=True)
class Flavour:
    """One form of training file.

    Attributes:
        name: the name, which begins the name of its files.
        family: which asset writes it.
        kinds: the kinds of rows that it takes.
        with_metadata: whether it takes only rows with metadata.
        with_tools: whether it takes the rows with tools; any other takes only those without.
        render: returns the JSON object of a row.
        purpose: what it is for, as a sentence of an export's README.
        loading: how to load it, by the name of the trainer.
        dataset_info: its entry in LLaMA-Factory's `dataset_info.json`, without the file's name;
            empty if that trainer does not read it.
    """

    name: str
    family: Family
    kinds: frozenset[Kind]
    render: Callable[[Row], Json]
    purpose: str
    loading: dict[str, str]
    with_metadata: bool = False
    with_tools: bool = False
    dataset_info: Json = field(default_factory=dict)

    @property
    def is_judged(self) -> bool:
        """Whether its rows are single answers, each wanted or not."""
        return "negative" in self.kinds

    def takes(self, row: Row) -> bool:
        """Return whether a row is written in this flavour."""
        return (
            row.kind in self.kinds
            and bool(row.tools) == self.with_tools
            and (bool(row.metadata) or not self.with_metadata)
        )


def single_turn(prompt: tuple[Message, ...]) -> tuple[str, str]:
    """Return a prompt as instruction and input.

    Without instructions, the question is the instruction and the input is empty.

    Raises:
        ValueError: it has several turns, which instruction and input can't express.
    """
    texts = [one.content for one in prompt if one.role == "system"]
    questions = [one.content for one in prompt if one.role != "system"]
    if len(questions) != 1:
        raise ValueError(f"a prompt of {len(questions)} messages is not one instruction and input")
    if not texts:
        return questions[0], ""
    return "\n\n".join(texts), questions[0]


def messages_of(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """Return messages as role and content; consecutive messages of one role become one.

    Several services reject a second message of the assistant in a row, without naming the line.
    """
    merged: list[dict[str, str]] = []
    for one in messages:
        if merged and one.role == merged[-1]["role"]:
            content = "\n\n".join(filter(None, (merged[-1]["content"], one.content)))
            merged[-1] = {"role": one.role, "content": content}
        else:
            merged.append({"role": one.role, "content": one.content})
    return merged
