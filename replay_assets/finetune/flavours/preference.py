"""Better and worse answers: pairs (DPO), and single answers with a verdict (KTO)."""

from replay_assets.finetune.flavours.flavour import Flavour, Json, messages_of, single_turn
from replay_assets.finetune.rows import Kind, Row

PAIR: frozenset[Kind] = frozenset({"pair"})
JUDGED: frozenset[Kind] = frozenset({"positive", "negative"})


def dpo_trl(row: Row) -> Json:
    """Return prompt, chosen and rejected as lists of messages."""
    return {
        "prompt": messages_of(row.prompt),
        "chosen": messages_of(row.completion),
        "rejected": messages_of(row.rejected),
    }


def dpo_nemo(row: Row) -> Json:
    """Return chosen and rejected as text: NeMo reads lists as complete conversations."""
    return {
        "prompt": messages_of(row.prompt),
        "chosen": row.answer,
        "rejected": _text(row),
    }


def dpo_openai(row: Row) -> Json:
    """Return the form of OpenAI: one message of the assistant on each side."""
    return {
        "input": {"messages": messages_of(row.prompt)},
        "preferred_output": messages_of(row.completion),
        "non_preferred_output": messages_of(row.rejected),
    }


def dpo_llama_factory(row: Row) -> Json:
    """Return instruction, input, chosen and rejected as text."""
    instruction, question = single_turn(row.prompt)
    return {
        "instruction": instruction,
        "input": question,
        "chosen": row.answer,
        "rejected": _text(row),
    }


def kto_trl(row: Row) -> Json:
    """Return prompt and completion as lists of messages, and whether the answer is wanted."""
    return {
        "prompt": messages_of(row.prompt),
        "completion": messages_of(row.completion),
        "label": row.kind == "positive",
    }


def kto_llama_factory(row: Row) -> Json:
    """Return instruction, input and output as text, and whether the answer is wanted."""
    instruction, question = single_turn(row.prompt)
    return {
        "instruction": instruction,
        "input": question,
        "output": row.answer,
        "kto_tag": row.kind == "positive",
    }


def _text(row: Row) -> str:
    return "\n".join(one.content for one in row.rejected)


_BAD_ANSWERS = "Never use it for supervised training: it has answers that were wrong."

PREFERENCE = (
    Flavour(
        "dpo.trl",
        "preference",
        PAIR,
        dpo_trl,
        "Pairs of a better and a worse answer to one prompt.",
        {
            "TRL": "`DPOTrainer(train_dataset=load_dataset(...))`, nothing to set",
            "axolotl": "`type: chat_template.default` with `field_messages: prompt`",
        },
    ),
    Flavour(
        "dpo.nemo",
        "preference",
        PAIR,
        dpo_nemo,
        "Pairs for NeMo, with both answers as text.",
        {"NeMo": "BinaryPreferenceDataset with the keys `prompt`, `chosen` and `rejected`"},
    ),
    Flavour(
        "dpo.openai",
        "preference",
        PAIR,
        dpo_openai,
        "Pairs for OpenAI, Azure, Together and Fireworks.",
        {"OpenAI, Azure, Together": "upload as it is, with the method `dpo`"},
    ),
    Flavour(
        "dpo.lf",
        "preference",
        PAIR,
        dpo_llama_factory,
        "Pairs for LLaMA-Factory.",
        {"LLaMA-Factory": "its entry in `dataset_info.json`, with `stage: dpo`"},
        dataset_info={
            "ranking": True,
            "columns": {
                "prompt": "instruction",
                "query": "input",
                "chosen": "chosen",
                "rejected": "rejected",
            },
        },
    ),
    Flavour(
        "kto.trl",
        "preference",
        JUDGED,
        kto_trl,
        f"Single answers with the verdict `label`: true is wanted. {_BAD_ANSWERS}",
        {
            "TRL": "`KTOTrainer(train_dataset=load_dataset(...))` with a batch size of 2 or more; "
            "the manifest has the weights",
        },
    ),
    Flavour(
        "kto.lf",
        "preference",
        JUDGED,
        kto_llama_factory,
        f"Single answers with the verdict `kto_tag`, for LLaMA-Factory. {_BAD_ANSWERS}",
        {"LLaMA-Factory": "its entry in `dataset_info.json`, with `stage: kto`"},
        dataset_info={
            "columns": {
                "prompt": "instruction",
                "query": "input",
                "response": "output",
                "kto_tag": "kto_tag",
            },
        },
    ),
)
