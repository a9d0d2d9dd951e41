"""The rules of every flavour: what its consumers reject, drop or misread without a message.

`check_file` judges any file, also one of another tool; the files of an export are judged in the
same way.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from replay_assets.finetune.rules import messages, preference, texts
from replay_assets.finetune.rules.files import ColumnTypes, decoded, line_problems
from replay_assets.finetune.rules.problem import Problem, Rule
from replay_assets.finetune.rules.texts import without_original_metadata
from replay_assets.finetune.rules.tools import ToolRules, sharegpt

__all__ = ["RULES", "Problem", "check_file", "check_lines"]

RULES: dict[str, Rule] = {
    "sft.alpaca": texts.alpaca,
    "sft.chat": messages.chat,
    "tools.openai": ToolRules(text_arguments=True, ids=True),
    "tools.hf": ToolRules(text_arguments=False, ids=True, names=True),
    "tools.nemo": ToolRules(text_arguments=False, ids=False),
    "tools.sharegpt": sharegpt,
    "dpo.trl": preference.dpo_trl,
    "dpo.nemo": preference.dpo_nemo,
    "dpo.openai": preference.dpo_openai,
    "dpo.lf": texts.dpo_llama_factory,
    "kto.trl": preference.kto_trl,
    "kto.lf": texts.kto_llama_factory,
}


def check_file(path: Path, flavour: str) -> Iterator[Problem]:
    """Yield what is wrong with a file, line by line; nothing if a trainer takes all of it."""
    with path.open("rb") as lines:
        yield from check_lines(lines, flavour)


def check_lines(lines: Iterable[bytes], flavour: str) -> Iterator[Problem]:
    """Yield what is wrong with the lines of a file, each with its line feed."""
    rule, columns = RULES[flavour], ColumnTypes()
    number, last = 0, b"\n"
    for number, line in enumerate(lines, start=1):
        last, content = line, line.removesuffix(b"\n")
        for name, says in line_problems(content, is_first=number == 1):
            yield Problem(number, name, says)
        if not content.strip():
            continue
        record, error = decoded(content)
        if record is None:
            yield Problem(number, "json_objects", error)
            continue
        typed = without_original_metadata(record) if flavour == "sft.alpaca" else record
        for name, says in (*columns.problems(typed, number), *rule(record)):
            yield Problem(number, name, says)
    if not number:
        yield Problem(0, "not_empty", "the file has no line, so that readers find no columns")
    elif not last.endswith(b"\n"):
        yield Problem(number, "line_feed_at_the_end", "the last line has no line feed")
    yield from columns.dates()
