"""Answers to learn without tools: the Alpaca form and plain chat."""

from replay_assets.finetune.flavours.flavour import Flavour, Json, messages_of, single_turn
from replay_assets.finetune.rows import Kind, Row

POSITIVE: frozenset[Kind] = frozenset({"positive"})


def alpaca(row: Row) -> Json:
    """Return instruction, input, output and metadata: the rows of the original system."""
    instruction, question = single_turn(row.prompt)
    return {
        "instruction": instruction,
        "input": question,
        "output": row.answer,
        "metadata": row.metadata,
    }


def chat(row: Row) -> Json:
    """Return `messages` and nothing else: several services reject any other column."""
    return {"messages": messages_of((*row.prompt, *row.completion))}


PLAIN = (
    Flavour(
        "sft.alpaca",
        "sft",
        POSITIVE,
        alpaca,
        "Supervised fine-tuning with instruction, input and output, in the original system's form. "
        "`metadata` says which incident a row is from.",
        {
            "LLaMA-Factory": "its entry in `dataset_info.json`, with `stage: sft`",
            "TRL": 'rename first: `.map(lambda row: {"prompt": row["instruction"] + "\\n\\n" + '
            'row["input"], "completion": row["output"]}, remove_columns=names)`',
            "NeMo": "`prompt`/`completion` templates over `instruction`, `input` and `output`",
        },
        with_metadata=True,
        dataset_info={
            "columns": {"prompt": "instruction", "query": "input", "response": "output"},
        },
    ),
    Flavour(
        "sft.chat",
        "sft",
        POSITIVE,
        chat,
        "Supervised fine-tuning with plain messages: what every trainer reads.",
        {
            "TRL": "`SFTTrainer(train_dataset=load_dataset(...))`, nothing to set",
            "LLaMA-Factory": "its entry in `dataset_info.json`, with `stage: sft`",
            "NeMo": "copy as `training.jsonl` and `validation.jsonl` into one folder",
        },
        dataset_info={
            "formatting": "sharegpt",
            "columns": {"messages": "messages"},
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
                "system_tag": "system",
            },
        },
    ),
)
